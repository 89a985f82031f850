// Spheres as impostors: each atom is one camera-facing square whose fragments find the sphere they lie on, so that the
// outline, the shading and the depth are those of a true sphere at any zoom, from one draw call of four vertices an atom.

/** Largest number of species that the shaders can colour. */
export const MAX_SPECIES = 16;

export const SPHERE_VERTEX = /* glsl */ `
precision highp float;
in vec3 center;
in float kind;
in float grade;
uniform mat4 modelViewMatrix;
uniform mat4 projectionMatrix;
uniform vec3 speciesColor[${MAX_SPECIES}];
uniform float speciesRadius[${MAX_SPECIES}];
uniform bool byGrade;
uniform float gradeStops[3];
uniform vec3 gradeColors[3];
out vec3 viewPoint;
out vec3 viewCenter;
out vec3 baseColor;
out float sphereRadius;
void main() {
  // Counted round the square.
  int number = gl_VertexID & 3;
  vec2 corner = vec2(number == 1 || number == 2 ? 1.0 : -1.0, number >= 2 ? 1.0 : -1.0);
  int species = int(kind + 0.5);
  sphereRadius = speciesRadius[species];
  baseColor = speciesColor[species];
  if (byGrade) {
    float low = clamp(log(grade / gradeStops[0]) / log(gradeStops[1] / gradeStops[0]), 0.0, 1.0);
    float high = clamp(log(grade / gradeStops[1]) / log(gradeStops[2] / gradeStops[1]), 0.0, 1.0);
    baseColor = mix(mix(gradeColors[0], gradeColors[1], low), gradeColors[2], high);
  }
  viewCenter = (modelViewMatrix * vec4(center, 1.0)).xyz;
  float range = length(viewCenter);
  if (sphereRadius <= 0.0 || range <= sphereRadius * 1.05) {
    // Hidden species, or the eye inside the atom: a point outside the clip volume draws nothing.
    viewPoint = viewCenter;
    gl_Position = vec4(2.0, 2.0, 2.0, 1.0);
    return;
  }
  vec3 toEye = -viewCenter / range;
  vec3 side = normalize(cross(abs(toEye.y) > 0.95 ? vec3(1.0, 0.0, 0.0) : vec3(0.0, 1.0, 0.0), toEye));
  vec3 up = cross(toEye, side);
  // The silhouette seen from nearby is wider than the radius: scale so that the square covers it.
  float reach = sphereRadius * range / sqrt(range * range - sphereRadius * sphereRadius);
  viewPoint = viewCenter + (side * corner.x + up * corner.y) * reach;
  gl_Position = projectionMatrix * vec4(viewPoint, 1.0);
}`;

export const SPHERE_FRAGMENT = /* glsl */ `
precision highp float;
in vec3 viewPoint;
in vec3 viewCenter;
in vec3 baseColor;
in float sphereRadius;
uniform mat4 projectionMatrix;
uniform vec3 backgroundColor;
uniform vec2 fogRange;
out vec4 color;
void main() {
  vec3 ray = normalize(viewPoint);
  float along = dot(ray, viewCenter);
  float inside = along * along - dot(viewCenter, viewCenter) + sphereRadius * sphereRadius;
  if (inside < 0.0) discard;
  vec3 hit = ray * (along - sqrt(inside));
  vec3 normal = (hit - viewCenter) / sphereRadius;
  float key = max(dot(normal, normalize(vec3(0.45, 0.7, 0.75))), 0.0);
  float sky = 0.5 + 0.5 * normal.y;
  float facing = max(-dot(normal, ray), 0.0);
  float rim = smoothstep(0.0, 0.38, facing);
  vec3 lit = baseColor * (0.42 + 0.16 * sky + 0.52 * key) * mix(0.55, 1.0, rim);
  lit += 0.16 * pow(max(dot(reflect(ray, normal), normalize(vec3(0.45, 0.7, 0.75))), 0.0), 24.0);
  float fog = smoothstep(fogRange.x, fogRange.y, -hit.z) * 0.62;
  color = vec4(mix(lit, backgroundColor, fog), 1.0);
  vec4 clip = projectionMatrix * vec4(hit, 1.0);
  gl_FragDepth = 0.5 + 0.5 * clip.z / clip.w;
}`;
