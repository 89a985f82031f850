// Draws atoms and their cell with three.js. Renders only when something changed, at most once a display frame.

import * as THREE from "../../vendor/three/three.module.js";
import { Orbit } from "./orbit.js";
import { GRADE_COLORS } from "./grades.js";
import { MAX_SPECIES, SPHERE_FRAGMENT, SPHERE_VERTEX } from "./shaders.js";

/** @import { ElementStyle } from "./elements.js" */

/** Half of the vertical field of view, rad. */
const HALF_VIEW = Math.PI / 9;
/** A display that answers later than this, this many times in a row, is overloaded. */
const SLOW_FRAME_MS = 45;
const SLOW_FRAMES = 12;
const LOWEST_SHARPNESS = 0.5;
/** A picture that did not change for this long is drawn once more with all its pixels. */
const SETTLED_MS = 400;
/** Corners of a parallelepiped that its twelve edges join, as pairs of bit patterns over the three cell vectors. */
const EDGES = [0, 1, 0, 2, 0, 4, 1, 3, 1, 5, 2, 3, 2, 6, 4, 5, 4, 6, 3, 7, 5, 7, 6, 7];

/** A square by its corners, in the order in which the vertex shader counts them. */
const TWO_TRIANGLES = [0, 1, 2, 0, 2, 3];
const CORNERS = 4;

export class AtomsViewer {
  /** @param {HTMLCanvasElement} canvas @throws where WebGL 2 is missing */
  constructor(canvas) {
    this.canvas = canvas;
    this.renderer = new THREE.WebGLRenderer({ canvas, antialias: false, alpha: true, powerPreference: "high-performance" });
    this.renderer.setClearColor(0x000000, 0);
    this.scene = new THREE.Scene();
    this.camera = new THREE.PerspectiveCamera((2 * HALF_VIEW * 180) / Math.PI, 1, 0.1, 1000);
    this.orbit = new Orbit(canvas, () => this.requestRender());
    /** @type {ElementStyle[]} */
    this.styles = [];
    /** @type {boolean[]} */
    this.shown = [];
    this.atoms = 0;
    this.center = new THREE.Vector3();
    this.radius = 10;
    this.framesDrawn = 0;
    this.pending = 0;
    /** Canvas pixels per CSS pixel, below the display's own where that is too much for the graphics. */
    this.sharpness = 1;
    this.slowFrames = 0;
    /** What the canvas has now: sharp again once the picture stands still. */
    this.drawnSharpness = 1;
    this.settling = 0;

    this.material = new THREE.RawShaderMaterial({
      glslVersion: THREE.GLSL3,
      vertexShader: SPHERE_VERTEX,
      fragmentShader: SPHERE_FRAGMENT,
      uniforms: {
        speciesColor: { value: Array.from({ length: MAX_SPECIES }, () => new THREE.Vector3(0.5, 0.5, 0.5)) },
        speciesRadius: { value: new Array(MAX_SPECIES).fill(0) },
        backgroundColor: { value: new THREE.Vector3(1, 1, 1) },
        fogRange: { value: new THREE.Vector2(0, 1) },
        byGrade: { value: false },
        gradeStops: { value: GRADE_COLORS.map(({ grade }) => grade) },
        gradeColors: { value: GRADE_COLORS.map(({ color }) => displayColor(color)) },
      },
    });
    this.spheres = new THREE.Mesh(sphereGeometry(0), this.material);
    this.spheres.frustumCulled = false;
    this.scene.add(this.spheres);

    this.outline = new THREE.LineSegments(
      new THREE.BufferGeometry().setAttribute("position", new THREE.BufferAttribute(new Float32Array(EDGES.length * 3), 3)),
      new THREE.LineBasicMaterial({ color: 0x888888 }),
    );
    this.outline.frustumCulled = false;
    this.outline.visible = false;
    this.scene.add(this.outline);

    this.resizeObserver = new ResizeObserver(() => this.#resize(this.sharpness));
    this.resizeObserver.observe(canvas);
    canvas.addEventListener("webglcontextrestored", () => this.requestRender());
    this.setColors();
  }

  /**
   * Announces the atoms: their species indices and how each species looks.
   * @param {Uint8Array} types @param {ElementStyle[]} styles
   */
  setAtoms(types, styles) {
    this.styles = styles.slice(0, MAX_SPECIES);
    this.shown = this.styles.map(() => true);
    this.spheres.geometry.dispose();
    this.spheres.geometry = sphereGeometry(types.length);
    this.atoms = types.length;
    setForAtoms(this.#attribute("kind"), types.map((type) => Math.min(type, MAX_SPECIES - 1)));
    setForAtoms(this.#attribute("grade"), new Float32Array(types.length).fill(1));
    this.#applyStyles();
  }

  /**
   * @param {Float32Array} positions x, y, z of each atom inside the cell, Å
   * @param {ArrayLike<number>} cell the three cell vectors, row by row, Å; zero where a direction does not repeat
   */
  setFrame(positions, cell) {
    if (positions.length !== 3 * this.atoms) return;
    setForAtoms(this.#attribute("center"), positions);
    this.#setCell(cell);
    if (!this.outline.visible) this.#surround(positions);
    this.requestRender();
  }

  /** @param {Float32Array} grades extrapolation grade of each atom */
  setGrades(grades) {
    if (grades.length !== this.atoms) return;
    setForAtoms(this.#attribute("grade"), grades);
    if (this.material.uniforms["byGrade"]?.value) this.requestRender();
  }

  /** @param {boolean} wanted */
  colourByGrade(wanted) {
    const uniform = this.material.uniforms["byGrade"];
    if (uniform) uniform.value = wanted;
    this.requestRender();
  }

  /** @param {number} species @param {boolean} shown */
  setShown(species, shown) {
    this.shown[species] = shown;
    this.#applyStyles();
  }

  /** Takes the colours of the page's current theme. */
  setColors() {
    const style = getComputedStyle(document.documentElement);
    const background = new THREE.Color().setStyle(style.getPropertyValue("--viewer-background").trim() || "#ffffff", THREE.LinearSRGBColorSpace);
    this.#uniform("backgroundColor").set(background.r, background.g, background.b);
    this.outline.material.color.setStyle(style.getPropertyValue("--viewer-outline").trim() || "#888888");
    this.requestRender();
  }

  requestRender() {
    if (this.pending) return;
    this.pending = requestAnimationFrame(() => {
      this.pending = 0;
      if (this.drawnSharpness !== this.sharpness) this.#resize(this.sharpness);
      else this.#render();
      this.#watchPace();
    });
  }

  dispose() {
    cancelAnimationFrame(this.pending);
    clearTimeout(this.settling);
    this.resizeObserver.disconnect();
    this.spheres.geometry.dispose();
    this.outline.geometry.dispose();
    this.outline.material.dispose();
    this.material.dispose();
    this.renderer.dispose();
  }

  /** Where the display keeps coming late after a drawing, fewer pixels are drawn, until the picture stands still. */
  #watchPace() {
    clearTimeout(this.settling);
    if (this.sharpness < 1) this.settling = window.setTimeout(() => this.#resize(1), SETTLED_MS);
    const drawn = performance.now();
    requestAnimationFrame(() => {
      this.slowFrames = performance.now() - drawn > SLOW_FRAME_MS ? this.slowFrames + 1 : 0;
      if (this.slowFrames < SLOW_FRAMES || this.sharpness <= LOWEST_SHARPNESS) return;
      this.slowFrames = 0;
      this.sharpness *= 0.7;
      this.requestRender();
    });
  }

  /** Of all corners of all squares. @param {string} name */
  #attribute(name) {
    return /** @type {import("three").BufferAttribute} */ (this.spheres.geometry.getAttribute(name));
  }

  /** @param {string} name */
  #uniform(name) {
    return /** @type {{ value: any }} */ (this.material.uniforms[name]).value;
  }

  #applyStyles() {
    const colors = this.#uniform("speciesColor");
    const radii = this.#uniform("speciesRadius");
    this.styles.forEach(({ color, radius }, index) => {
      colors[index].copy(displayColor(color));
      radii[index] = this.shown[index] ? radius : 0;
    });
    this.requestRender();
  }

  /** @param {ArrayLike<number>} cell */
  #setCell(cell) {
    const at = (/** @type {number} */ index) => Number(cell[index] ?? 0);
    const corners = Array.from({ length: 8 }, (_, bits) =>
      [0, 1, 2].map((axis) => (bits & 1 ? at(axis) : 0) + (bits & 2 ? at(3 + axis) : 0) + (bits & 4 ? at(6 + axis) : 0)),
    );
    const position = this.outline.geometry.getAttribute("position");
    EDGES.forEach((corner, index) => {
      const [x = 0, y = 0, z = 0] = corners[corner] ?? [];
      position.setXYZ(index, x, y, z);
    });
    position.needsUpdate = true;
    const [x = 0, y = 0, z = 0] = corners[7] ?? [];
    this.center.set(x / 2, y / 2, z / 2);
    this.radius = Math.max(1, ...corners.map(([cx = 0, cy = 0, cz = 0]) => Math.hypot(cx - x / 2, cy - y / 2, cz - z / 2)));
    this.outline.visible = [0, 3, 6].every((row) => Math.hypot(at(row), at(row + 1), at(row + 2)) > 0);
  }

  /** Looks at the middle of the atoms, where there is no cell. @param {Float32Array} positions */
  #surround(positions) {
    const bounds = new THREE.Box3().setFromArray(/** @type {any} */ (positions));
    bounds.getCenter(this.center);
    this.radius = Math.max(3, bounds.getSize(new THREE.Vector3()).length() / 2);
  }

  /** @param {number} sharpness */
  #resize(sharpness) {
    this.drawnSharpness = sharpness;
    const { clientWidth: width, clientHeight: height } = this.canvas;
    if (!width || !height) return;
    this.renderer.setPixelRatio(Math.min(devicePixelRatio, 2) * sharpness);
    this.renderer.setSize(width, height, false);
    this.camera.aspect = width / height;
    // Drawn at once: a resized canvas is blank until it is.
    this.#render();
  }

  #render() {
    const { azimuth, elevation, distance } = this.orbit;
    const fit = Math.min(1, this.camera.aspect);
    const range = ((this.radius * 1.05) / Math.sin(HALF_VIEW) / fit) * distance;
    const level = Math.cos(elevation) * range;
    this.camera.position.set(
      this.center.x + Math.sin(azimuth) * level,
      this.center.y + Math.sin(elevation) * range,
      this.center.z + Math.cos(azimuth) * level,
    );
    this.camera.lookAt(this.center);
    this.camera.near = Math.max(0.1, range - 1.5 * this.radius);
    this.camera.far = range + 1.5 * this.radius;
    this.camera.updateProjectionMatrix();
    this.#uniform("fogRange").set(range - 0.5 * this.radius, range + 1.1 * this.radius);
    this.renderer.render(this.scene, this.camera);
    this.framesDrawn += 1;
  }
}

/** The shader shades in display space, so colours are taken as written, without linearisation. @param {string} color */
function displayColor(color) {
  const rgb = new THREE.Color().setStyle(color, THREE.LinearSRGBColorSpace);
  return new THREE.Vector3(rgb.r, rgb.g, rgb.b);
}

/**
 * A square an atom, in one draw call without instances: graphics of many kinds, those in software above all, spend as long on a
 * small instance as on dozens of squares.
 * @param {number} atoms
 */
function sphereGeometry(atoms) {
  const geometry = new THREE.BufferGeometry();
  const perCorner = (/** @type {number} */ size) => new THREE.BufferAttribute(new Float32Array(CORNERS * atoms * size), size);
  geometry.setAttribute("center", perCorner(3).setUsage(THREE.DynamicDrawUsage));
  geometry.setAttribute("kind", perCorner(1));
  geometry.setAttribute("grade", perCorner(1).setUsage(THREE.DynamicDrawUsage));
  const triangles = new Uint32Array(TWO_TRIANGLES.length * atoms);
  for (let index = 0; index < triangles.length; index++) {
    const place = index % TWO_TRIANGLES.length;
    triangles[index] = CORNERS * ((index - place) / TWO_TRIANGLES.length) + (TWO_TRIANGLES[place] ?? 0);
  }
  geometry.setIndex(new THREE.BufferAttribute(triangles, 1));
  return geometry;
}

/** Gives every corner of an atom's square what the atom has. @param {import("three").BufferAttribute} attribute @param {ArrayLike<number>} values */
function setForAtoms(attribute, values) {
  const { array, itemSize } = attribute;
  for (let atom = 0; atom * itemSize < values.length; atom++) {
    for (let corner = 0; corner < CORNERS; corner++) {
      const at = (CORNERS * atom + corner) * itemSize;
      for (let axis = 0; axis < itemSize; axis++) array[at + axis] = values[atom * itemSize + axis] ?? 0;
    }
  }
  attribute.needsUpdate = true;
}
