//! Plane geometry of curves: what of a polyline is visible, and dashes along it.

type Point = (f64, f64);

/// The stretches of a polyline inside `[left, top, right, bottom]`, cut at the edges; `None` interrupts it.
pub(super) fn visible_runs(points: &[Option<Point>], frame: [f64; 4]) -> Vec<Vec<Point>> {
    let mut runs: Vec<Vec<Point>> = Vec::new();
    for pair in points.windows(2) {
        let [Some(from), Some(to)] = pair else { continue };
        let Some((start, end)) = clipped(*from, *to, frame) else { continue };
        match runs.last_mut() {
            Some(run) if run.last() == Some(&start) => run.push(end),
            _ => runs.push(vec![start, end]),
        }
    }
    runs
}

/// The part of a segment inside a frame (Liang and Barsky, ACM Trans. Graph. 3, 1 (1984), doi:10.1145/357332.357333).
fn clipped(from: Point, to: Point, [left, top, right, bottom]: [f64; 4]) -> Option<(Point, Point)> {
    let (dx, dy) = (to.0 - from.0, to.1 - from.1);
    let (mut enter, mut leave) = (0.0_f64, 1.0_f64);
    for (step, room) in [(-dx, from.0 - left), (dx, right - from.0), (-dy, from.1 - top), (dy, bottom - from.1)] {
        if step == 0.0 {
            if room < 0.0 {
                return None;
            }
        } else if step < 0.0 {
            enter = enter.max(room / step);
        } else {
            leave = leave.min(room / step);
        }
    }
    if enter > leave {
        return None;
    }
    // Ends that need no cut stay as they are, so that neighbouring segments meet exactly.
    let at = |t: f64| (from.0 + t * dx, from.1 + t * dy);
    Some((if enter > 0.0 { at(enter) } else { from }, if leave < 1.0 { at(leave) } else { to }))
}

/// Pieces of length `on` along a polyline, `off` apart.
pub(super) fn dashes(points: &[Point], on: f64, off: f64) -> Vec<Vec<Point>> {
    let mut pieces = Vec::new();
    let mut piece = Vec::new();
    let (mut drawing, mut left) = (true, on);
    for pair in points.windows(2) {
        let (from, to) = (pair[0], pair[1]);
        let length = (to.0 - from.0).hypot(to.1 - from.1);
        let at = |distance: f64| {
            let t = distance / length;
            (from.0 + t * (to.0 - from.0), from.1 + t * (to.1 - from.1))
        };
        if drawing && piece.is_empty() {
            piece.push(from);
        }
        let mut done = 0.0;
        while length - done > left {
            done += left;
            if drawing {
                piece.push(at(done));
                pieces.push(std::mem::take(&mut piece));
            } else {
                piece.push(at(done));
            }
            drawing = !drawing;
            left = if drawing { on } else { off };
        }
        left -= length - done;
        if drawing {
            piece.push(to);
        }
    }
    if piece.len() > 1 {
        pieces.push(piece);
    }
    pieces
}

#[cfg(test)]
mod tests {
    use super::*;

    const FRAME: [f64; 4] = [0.0, 0.0, 10.0, 10.0];

    #[test]
    fn curves_are_cut_at_the_frame() {
        let points = [(-5.0, 5.0), (5.0, 5.0), (5.0, 15.0), (8.0, 15.0), (8.0, 2.0)].map(Some);
        let runs = visible_runs(&points, FRAME);
        assert_eq!(runs, [vec![(0.0, 5.0), (5.0, 5.0), (5.0, 10.0)], vec![(8.0, 10.0), (8.0, 2.0)]]);
        let gap = [Some((1.0, 1.0)), Some((2.0, 1.0)), None, Some((3.0, 1.0)), Some((4.0, 1.0))];
        assert_eq!(visible_runs(&gap, FRAME).len(), 2);
        assert!(visible_runs(&[Some((1.0, 1.0))], FRAME).is_empty());
    }

    #[test]
    fn dashes_follow_the_curve() {
        let pieces = dashes(&[(0.0, 0.0), (5.0, 0.0), (5.0, 5.0)], 3.0, 1.0);
        assert_eq!(
            pieces,
            [vec![(0.0, 0.0), (3.0, 0.0)], vec![(4.0, 0.0), (5.0, 0.0), (5.0, 2.0)], vec![(5.0, 3.0), (5.0, 5.0)]]
        );
        assert_eq!(dashes(&[(1.0, 1.0), (1.0, 1.0)], 3.0, 1.0).len(), 1);
    }
}
