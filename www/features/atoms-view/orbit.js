// A camera that circles a point: mouse, pen, touch and keyboard.

const ROTATE_PER_PIXEL = 0.008;
const KEY_STEP = Math.PI / 24;
const ZOOM_STEP = 1.15;

export class Orbit {
  /**
   * @param {HTMLElement} element receives the pointer and key events
   * @param {() => void} changed called after every change of view
   */
  constructor(element, changed) {
    this.element = element;
    this.changed = changed;
    /** Angle about the vertical axis, rad. */
    this.azimuth = 0.6;
    /** Angle above the horizon, rad. */
    this.elevation = 0.38;
    /** Distance from the centre in units of the scene's radius. */
    this.distance = 1;
    /** @type {Map<number, { x: number, y: number }>} */
    this.pointers = new Map();
    element.addEventListener("pointerdown", (event) => this.#down(event));
    element.addEventListener("pointermove", (event) => this.#move(event));
    for (const end of /** @type {const} */ (["pointerup", "pointercancel", "lostpointercapture"])) {
      element.addEventListener(end, (event) => this.pointers.delete(event.pointerId));
    }
    element.addEventListener("wheel", (event) => this.#wheel(event), { passive: false });
    element.addEventListener("keydown", (event) => this.#key(event));
  }

  /** @param {number} azimuth @param {number} elevation radians to turn by */
  rotate(azimuth, elevation) {
    this.azimuth += azimuth;
    this.elevation = Math.max(-1.55, Math.min(1.55, this.elevation + elevation));
    this.changed();
  }

  /** @param {number} factor above 1 moves nearer */
  zoom(factor) {
    this.distance = Math.max(0.15, Math.min(6, this.distance / factor));
    this.changed();
  }

  reset() {
    this.azimuth = 0.6;
    this.elevation = 0.38;
    this.distance = 1;
    this.changed();
  }

  /** @param {PointerEvent} event */
  #down(event) {
    this.element.focus({ preventScroll: true });
    this.pointers.set(event.pointerId, { x: event.clientX, y: event.clientY });
    this.element.setPointerCapture(event.pointerId);
  }

  /** @param {PointerEvent} event */
  #move(event) {
    const before = this.pointers.get(event.pointerId);
    if (!before) return;
    const now = { x: event.clientX, y: event.clientY };
    if (this.pointers.size === 1) {
      this.rotate(-(now.x - before.x) * ROTATE_PER_PIXEL, (now.y - before.y) * ROTATE_PER_PIXEL);
    } else {
      const other = [...this.pointers].find(([id]) => id !== event.pointerId)?.[1];
      if (other) {
        const old = Math.hypot(before.x - other.x, before.y - other.y);
        const fresh = Math.hypot(now.x - other.x, now.y - other.y);
        if (old > 0 && fresh > 0) this.zoom(fresh / old);
      }
    }
    this.pointers.set(event.pointerId, now);
  }

  /** The wheel zooms a view that was clicked before; over any other it scrolls the page, as readers expect. @param {WheelEvent} event */
  #wheel(event) {
    if (document.activeElement !== this.element && !event.ctrlKey) return;
    event.preventDefault();
    this.zoom(Math.exp(-event.deltaY * 0.0015));
  }

  /** @param {KeyboardEvent} event */
  #key(event) {
    /** @type {Record<string, () => void>} */
    const actions = {
      ArrowLeft: () => this.rotate(KEY_STEP, 0),
      ArrowRight: () => this.rotate(-KEY_STEP, 0),
      ArrowUp: () => this.rotate(0, KEY_STEP),
      ArrowDown: () => this.rotate(0, -KEY_STEP),
      "+": () => this.zoom(ZOOM_STEP),
      "=": () => this.zoom(ZOOM_STEP),
      "-": () => this.zoom(1 / ZOOM_STEP),
      Home: () => this.reset(),
    };
    const action = actions[event.key];
    if (!action || event.ctrlKey || event.metaKey || event.altKey) return;
    event.preventDefault();
    action();
  }
}
