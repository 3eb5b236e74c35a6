import {
  BufferAttribute,
  BufferGeometry,
  Camera,
  Color,
  GLSL3,
  LineSegments,
  Points,
  RawShaderMaterial,
  Scene,
  WebGLRenderer,
  type Matrix4,
} from 'three';
import { randomStream } from '../../../src-shared/maths/random.ts';
import { eyeDistance, type CloudSize } from './cloudCamera.ts';

/** Colours [rows, 3] from 0 to 255 and sizes in pixels. Points larger than `raisedAbove` are drawn over all others. */
export interface CloudPaint {
  readonly colours: Uint8Array;
  readonly sizes: Float32Array;
}
/** Line segments [segments, 2, 3] and their colours. */
export interface CloudLines {
  readonly positions: Float32Array;
  readonly colours: Uint8Array;
}
export const raisedAbove = 6;

const project = `
  precision highp float;
  uniform mat4 view; uniform float depth; uniform vec3 back;
  vec3 faded(vec3 colour, vec4 place) {
    float distance = clamp((place.w - ${eyeDistance.toFixed(1)} + 1.0) / 2.0, 0.0, 1.0);
    return mix(colour, back, depth * 0.6 * distance);
  }
`;
const pointsVertex = `${project}
  in vec3 position; in vec3 before; in vec3 colour; in float size;
  uniform float share, ratio;
  out vec3 shown; out float pixels;
  void main() {
    gl_Position = view * vec4(mix(before, position, share), 1.0);
    bool raised = size > ${raisedAbove.toFixed(1)};
    shown = raised ? colour : faded(colour, gl_Position);
    if (raised) gl_Position.z = -0.99 * gl_Position.w;
    pixels = size * ratio;
    gl_PointSize = pixels;
  }`;
const pointsFragment = `
  precision highp float;
  in vec3 shown; in float pixels; out vec4 result;
  void main() {
    float edge = (0.5 - length(gl_PointCoord - 0.5)) * pixels;
    if (edge <= 0.0) discard;
    result = vec4(shown, min(1.0, edge));
  }`;
/** Plain squares, for the quick frames of a movement: without blending and without cut corners. */
const squaresFragment =
  'precision highp float; in vec3 shown; in float pixels; out vec4 result; void main() { result = vec4(shown, 1.0); }';
const linesVertex = `${project}
  in vec3 position; in vec3 colour;
  out vec3 shown;
  void main() { gl_Position = view * vec4(position, 1.0); shown = faded(colour, gl_Position); }`;
const linesFragment =
  'precision highp float; in vec3 shown; out vec4 result; void main() { result = vec4(shown, 1.0); }';

/**
 * A point cloud drawn by WebGL. All points are one object, so that turning costs one matrix. Throws where there is no
 * WebGL.
 */
export function cloudScene(canvas: HTMLCanvasElement) {
  const renderer = new WebGLRenderer({ canvas, powerPreference: 'high-performance' });
  const uniforms = {
    view: { value: null as Matrix4 | null },
    depth: { value: 0 },
    back: { value: [1, 1, 1] },
    share: { value: 1 },
    ratio: { value: 1 },
  };
  const material = (vertexShader: string, fragmentShader: string, transparent = true) =>
    new RawShaderMaterial({ glslVersion: GLSL3, vertexShader, fragmentShader, uniforms, transparent });
  const pointMaterial = material(pointsVertex, pointsFragment);
  const squareMaterial = material(pointsVertex, squaresFragment, false);
  const lineMaterial = material(linesVertex, linesFragment, false);
  let points = new BufferGeometry();
  let lines = new BufferGeometry();
  const cloud = new Points(points, pointMaterial);
  const drawing = new LineSegments(lines, lineMaterial);
  const scene = new Scene();
  const camera = new Camera();
  for (const object of [drawing, cloud]) {
    object.frustumCulled = false;
    scene.add(object);
  }
  cloud.visible = drawing.visible = false;
  let order = new Uint32Array(); // shuffled: its first n rows are a fair sample

  return {
    /** `ratio` is the number of screen pixels per CSS pixel. */
    resize({ width, height }: CloudSize, ratio: number): void {
      uniforms.ratio.value = Math.min(2, ratio);
      renderer.setPixelRatio(uniforms.ratio.value);
      renderer.setSize(width, height, false);
    },
    /** Replaces the points by [rows, 3]. Where their number stays, `draw` can show them on the way. */
    place(positions: Float32Array): void {
      const known = points.getAttribute('position');
      const before = known?.array.length === positions.length ? known : new BufferAttribute(positions, 3);
      const next = new BufferGeometry();
      for (const name of ['colour', 'size']) if (before === known) next.setAttribute(name, points.getAttribute(name));
      if (order.length * 3 !== positions.length) order = shuffledRows(positions.length / 3);
      next.setIndex(before === known && points.index ? points.index : new BufferAttribute(order, 1));
      next.setAttribute('before', before);
      next.setAttribute('position', new BufferAttribute(positions, 3));
      points.dispose();
      cloud.geometry = points = next;
    },
    paint({ colours, sizes }: CloudPaint): void {
      points.setAttribute('colour', new BufferAttribute(colours, 3, true));
      points.setAttribute('size', new BufferAttribute(sizes, 1));
      // Raised points come first: they are drawn even when few points are.
      points.setIndex(
        new BufferAttribute(
          Uint32Array.from([
            ...order.filter((row) => sizes[row]! > raisedAbove),
            ...order.filter((row) => sizes[row]! <= raisedAbove),
          ]),
          1,
        ),
      );
    },
    rule(drawn: CloudLines | null): void {
      drawing.visible = drawn !== null;
      lines.dispose();
      drawing.geometry = lines = new BufferGeometry();
      if (!drawn) return;
      lines.setAttribute('position', new BufferAttribute(drawn.positions, 3));
      lines.setAttribute('colour', new BufferAttribute(drawn.colours, 3, true));
    },
    /**
     * Draws now. `share` (0 to 1) is how far the points are on the way from their previous places, `back` the
     * background (0 to 255), `detail` the share of points that is drawn; below 1 they are squares. Without `points`
     * only the lines are drawn.
     */
    draw({
      view,
      deep,
      share,
      back,
      detail,
      points: shows,
    }: {
      readonly view: Matrix4;
      readonly deep: boolean;
      readonly share: number;
      readonly back: readonly [number, number, number];
      readonly detail: number;
      readonly points: boolean;
    }): void {
      cloud.visible = shows && order.length > 0;
      cloud.material = detail < 1 ? squareMaterial : pointMaterial;
      points.setDrawRange(0, detail < 1 ? Math.ceil(order.length * detail) : Number.POSITIVE_INFINITY);
      uniforms.view.value = view;
      uniforms.depth.value = deep ? 1 : 0;
      uniforms.share.value = share;
      uniforms.back.value = back.map((value) => value / 255);
      renderer.setClearColor(new Color().setRGB(back[0] / 255, back[1] / 255, back[2] / 255, 'srgb'), 1);
      renderer.render(scene, camera);
    },
    dispose(): void {
      points.dispose();
      lines.dispose();
      pointMaterial.dispose();
      squareMaterial.dispose();
      lineMaterial.dispose();
      renderer.dispose();
    },
  };
}

/** All rows in a random order that is always the same. */
function shuffledRows(count: number): Uint32Array<ArrayBuffer> {
  return Uint32Array.from(randomStream(1, 'cloud').shuffle(Array.from({ length: count }, (_, row) => row)));
}
export type CloudScene = ReturnType<typeof cloudScene>;
