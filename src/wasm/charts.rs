//! Charts on a canvas.

use plotters::drawing::IntoDrawingArea;
use plotters_canvas::CanvasBackend;
use wasm_bindgen::prelude::wasm_bindgen;
use wasm_bindgen::{JsCast, JsValue};
use web_sys::{CanvasRenderingContext2d, HtmlCanvasElement};

use self::fine::Fine;
use super::{JsResult, error_object};
use crate::chart::{ChartSpec, Resolution, draw, to_svg};
use crate::error::{Error, Result};

/// Draws `spec` (a `ChartSpec` of `src/chart`, as a plain object) over the whole canvas, whose size in pixels is its CSS size
/// times `device_pixel_ratio`.
///
/// # Errors
/// Throws `{ kind, message, hint }` where the specification makes no sense or the canvas is too small.
#[wasm_bindgen(js_name = drawChart)]
pub fn draw_chart(
    canvas: HtmlCanvasElement,
    #[wasm_bindgen(unchecked_param_type = "object")] spec: JsValue,
    device_pixel_ratio: f64,
) -> JsResult<()> {
    draw_on(canvas, spec, device_pixel_ratio).map_err(|error| error_object(&error))
}

/// The same chart as the text of an SVG file of `width` x `height` CSS pixels, with `notes` in its description.
///
/// # Errors
/// Throws `{ kind, message, hint }` where the specification makes no sense or the size is too small or too large.
#[wasm_bindgen(js_name = chartToSvg)]
pub fn chart_to_svg(
    #[wasm_bindgen(unchecked_param_type = "object")] spec: JsValue,
    width: u32,
    height: u32,
    notes: Vec<String>,
) -> JsResult<String> {
    read_spec(spec).and_then(|spec| to_svg(&spec, width, height, &notes)).map_err(|error| error_object(&error))
}

fn read_spec(spec: JsValue) -> Result<ChartSpec> {
    serde_wasm_bindgen::from_value(spec)
        .map_err(|error| Error::invalid("chart", error, "an object with x, y and series"))
}

fn draw_on(canvas: HtmlCanvasElement, spec: JsValue, device_pixel_ratio: f64) -> Result<()> {
    let spec = read_spec(spec)?;
    if !(0.1..=20.0).contains(&device_pixel_ratio) {
        return Err(Error::invalid("device pixel ratio", device_pixel_ratio, "a number from 0.1 to 20"));
    }
    let context = context_of(&canvas)?;
    let (width, height) = (f64::from(canvas.width()), f64::from(canvas.height()));
    let backend = CanvasBackend::with_canvas_object(canvas).ok_or_else(no_context)?;
    context.save();
    let drawn = prepare(&context, width, height).and_then(|()| {
        let resolution = Resolution { css_pixel: fine::UNITS * device_pixel_ratio, device_pixel: fine::UNITS };
        draw(&Fine(backend).into_drawing_area(), &spec, resolution)
    });
    context.restore();
    drawn
}

/// An empty canvas whose unit is a fraction of a pixel.
fn prepare(context: &CanvasRenderingContext2d, width: f64, height: f64) -> Result<()> {
    let scale = 1.0 / fine::UNITS;
    context.set_transform(1.0, 0.0, 0.0, 1.0, 0.0, 0.0).map_err(|_| no_context())?;
    context.clear_rect(0.0, 0.0, width, height);
    context.set_line_join("round");
    context.scale(scale, scale).map_err(|_| no_context())
}

fn context_of(canvas: &HtmlCanvasElement) -> Result<CanvasRenderingContext2d> {
    let context = canvas.get_context("2d").ok().flatten().and_then(|context| context.dyn_into().ok());
    context.ok_or_else(no_context)
}

fn no_context() -> Error {
    Error::invalid("chart canvas", "no 2D context", "a canvas that was not used for anything else")
}

/// The canvas back end, told that its canvas has more units than pixels: coordinates are whole numbers.
mod fine {
    use plotters_backend::{
        BackendColor, BackendCoord, BackendStyle, BackendTextStyle, DrawingBackend, DrawingErrorKind,
    };
    use plotters_canvas::CanvasBackend;

    /// Units in a pixel, each way.
    pub(super) const UNITS: f64 = 8.0;

    pub(super) struct Fine(pub(super) CanvasBackend);

    type Drawn = Result<(), DrawingErrorKind<<CanvasBackend as DrawingBackend>::ErrorType>>;

    impl DrawingBackend for Fine {
        type ErrorType = <CanvasBackend as DrawingBackend>::ErrorType;

        fn get_size(&self) -> (u32, u32) {
            let (width, height) = self.0.get_size();
            (width * UNITS as u32, height * UNITS as u32)
        }

        fn ensure_prepared(&mut self) -> Drawn {
            self.0.ensure_prepared()
        }

        fn present(&mut self) -> Drawn {
            self.0.present()
        }

        fn draw_pixel(&mut self, point: BackendCoord, color: BackendColor) -> Drawn {
            self.0.draw_pixel(point, color)
        }

        fn draw_line<S: BackendStyle>(&mut self, from: BackendCoord, to: BackendCoord, style: &S) -> Drawn {
            self.0.draw_line(from, to, style)
        }

        fn draw_rect<S: BackendStyle>(&mut self, a: BackendCoord, b: BackendCoord, style: &S, fill: bool) -> Drawn {
            self.0.draw_rect(a, b, style, fill)
        }

        fn draw_path<S: BackendStyle, I: IntoIterator<Item = BackendCoord>>(&mut self, path: I, style: &S) -> Drawn {
            self.0.draw_path(path, style)
        }

        fn draw_circle<S: BackendStyle>(&mut self, at: BackendCoord, radius: u32, style: &S, fill: bool) -> Drawn {
            self.0.draw_circle(at, radius, style, fill)
        }

        fn fill_polygon<S: BackendStyle, I: IntoIterator<Item = BackendCoord>>(&mut self, path: I, style: &S) -> Drawn {
            self.0.fill_polygon(path, style)
        }

        fn draw_text<S: BackendTextStyle>(&mut self, text: &str, style: &S, at: BackendCoord) -> Drawn {
            self.0.draw_text(text, style, at)
        }
    }
}
