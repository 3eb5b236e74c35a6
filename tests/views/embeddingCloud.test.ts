import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { EmbeddingPoints, EmbeddingRow } from '../../src-shared/answers/embeddingAnswers.ts';
import { randomStream } from '../../src-shared/maths/random.ts';
import { panned, startCamera, turned, viewMatrix, zoomed } from '../../src-renderer/views/embedding/cloudCamera.ts';
import { angleScale, paintCloud, rgbOf, rowColours } from '../../src-renderer/views/embedding/cloudColours.ts';
import { axisEnds, boxLines, boxOf, cornersOf, fittingCamera } from '../../src-renderer/views/embedding/cloudBox.ts';
import { densityOf } from '../../src-renderer/views/embedding/cloudDensity.ts';
import { pointsDrawn } from '../../src-renderer/views/embedding/pointsDrawn.ts';
import { facesSeen } from '../../src-renderer/views/embedding/cloudFaces.ts';
import { nextDetail } from '../../src-renderer/views/embedding/cloudDetail.ts';
import { placeOf, rowAt, rowsWithin } from '../../src-renderer/views/embedding/cloudPick.ts';
import { alignedSnapshots, showsSame } from '../../src-renderer/views/embedding/placeCloud.ts';
import { sphereLines } from '../../src-renderer/views/embedding/sphereLines.ts';

const size = { width: 400, height: 300 };
const random = randomStream(1, 'cloud');
const row = (at: number): EmbeddingRow => ({
  picture: at,
  identity: `p${at % 5}`,
  part: at % 2 === 0 ? 'test' : 'query',
  file: `${at}.png`,
  correct: at % 2 === 0 ? at % 4 === 0 : null,
});
const rows = Array.from({ length: 40 }, (_, at) => row(at));
const projection = (
  coordinates: readonly (readonly number[])[],
  dimensions: 2 | 3,
  method = 'pca',
): EmbeddingPoints => ({
  run: 'a',
  method,
  dimensions,
  rows,
  frames: coordinates.map((frame, at) => ({
    snapshot: at,
    coordinates: frame,
    angleDegrees: rows.map((_, index) => index),
  })),
});
const spread = (dimensions: 2 | 3) => Array.from({ length: rows.length * dimensions }, () => random.normal());

test('a turned, mirrored, moved and scaled cloud is aligned to the first exactly, in 2-D and 3-D', () => {
  for (const dimensions of [2, 3] as const) {
    const cloud = spread(dimensions);
    const c = Math.cos(2);
    const s = Math.sin(2);
    const moved = cloud.map((value, at) => {
      const first = at - (at % dimensions);
      const axis = at % dimensions;
      const x = cloud[first]!;
      const y = -cloud[first + 1]!;
      const turned = [c * x - s * y, s * x + c * y, value];
      return 7 * turned[axis]! - 3;
    });
    const fixed = alignedSnapshots(projection([cloud], dimensions), null);
    const [aligned] = alignedSnapshots(projection([moved], dimensions), fixed);
    assert.equal(fixed[0]?.length, rows.length * 3);
    aligned!.forEach((value, at) => assert.ok(Math.abs(value - fixed[0]![at]!) < 1e-4, `${at}`)); // float32
  }
});

test('snapshots keep their own size however little they fit, and the sphere stays a sphere', () => {
  const frames = alignedSnapshots(
    projection(
      Array.from({ length: 12 }, () => spread(2)),
      2,
    ),
    null,
  );
  for (const frame of frames) {
    const radii = rows.map((_, at) => Math.hypot(frame[at * 3]!, frame[at * 3 + 1]!)).sort((a, b) => a - b);
    assert.ok(Math.abs(radii[38]! - 1) < 1e-5, `${radii[38]}`);
  }
  const onSphere = () => {
    const values = spread(3);
    return values.map((value, at) => value / Math.hypot(...values.slice(at - (at % 3), at - (at % 3) + 3)));
  };
  for (const frame of alignedSnapshots(projection([onSphere(), onSphere()], 3, 'sphere'), null))
    rows.forEach((_, at) => assert.ok(Math.abs(Math.hypot(...frame.subarray(at * 3, at * 3 + 3)) - 1) < 1e-5));
});

test('clouds of different pictures are not aligned', () => {
  const a = projection([spread(2)], 2);
  const b = projection([spread(2)], 2);
  assert.equal(showsSame(a, b), true);
  assert.equal(showsSame(a, { ...b, rows: [...rows].reverse() }), false);
  assert.equal(showsSame(a, projection([spread(3)], 3)), false);
});

test('the pointer finds the foremost point, and a lasso those inside it', () => {
  const flat = Float32Array.from([0, 0, 0, 0.5, 0.5, 0, -0.9, 0.2, 0]);
  const above = viewMatrix(startCamera, 2, size);
  assert.deepEqual(placeOf(flat, above, { size, row: 0 }), [200, 150]);
  const corner = placeOf(flat, above, { size, row: 1 })!;
  assert.ok(corner[0] > 200 && corner[1] < 150, `${corner}`);
  assert.equal(rowAt(flat, above, { size, at: [corner[0] + 4, corner[1]] }), 1);
  assert.equal(rowAt(flat, above, { size, at: [10, 10] }), null);
  assert.deepEqual(
    rowsWithin(flat, above, {
      size,
      outline: [
        [150, 20],
        [390, 20],
        [390, 160],
        [150, 160],
      ],
    }),
    [0, 1],
  );
  // In depth: of two on one line of sight the nearer to the eye, which looks along -z.
  const deep = Float32Array.from([0, 0, -0.8, 0, 0, 0.8]);
  assert.equal(
    rowAt(deep, viewMatrix({ ...startCamera, azimuth: 0, elevation: 0 }, 3, size), { size, at: [200, 150] }),
    1,
  );
  assert.equal(
    rowAt(deep, viewMatrix({ ...startCamera, azimuth: Math.PI, elevation: 0 }, 3, size), { size, at: [200, 150] }),
    0,
  );
});

test('of faces at one place the foremost is seen, one that is raised before it, and none out of sight', () => {
  const points = Float32Array.from([0, 0, 0.5, 0, 0, -0.5, 0.6, 0, 0, 40, 0, 0]);
  const seen = (sizes: readonly number[]) =>
    facesSeen({
      points,
      matrix: viewMatrix({ ...startCamera, azimuth: 0, elevation: 0 }, 3, size),
      size,
      paint: { colours: new Uint8Array(12), sizes: Float32Array.from(sizes) },
    }).map((face) => face.row);
  assert.deepEqual(seen([4, 4, 4, 4]), [2, 0]);
  assert.deepEqual(seen([4, 10, 4, 4]), [2, 1], 'what is raised is drawn last');
});

test('a pan moves what is under the pointer with it, a zoom keeps it in place, a turn stops at the poles', () => {
  const points = Float32Array.from([0.3, -0.2, 0]);
  const at = placeOf(points, viewMatrix(startCamera, 2, size), { size, row: 0 })!;
  const [moved, nearer] = [panned(startCamera, [25, -10], size), zoomed(startCamera, 3, { at, size })].map((camera) =>
    placeOf(points, viewMatrix(camera, 2, size), { size, row: 0 })!,
  );
  assert.ok(Math.hypot(moved![0] - at[0] - 25, moved![1] - at[1] + 10) < 1e-3); // float32 matrix
  assert.ok(Math.hypot(nearer![0] - at[0], nearer![1] - at[1]) < 1e-3);
  assert.equal(turned(startCamera, [0, 10_000]).elevation, Math.PI / 2);
});

test('colours say person, part, correctness and angle, and what stands out is raised over the rest', () => {
  const [frame] = projection([spread(2)], 2).frames;
  const palette = {
    dark: false,
    of: (name: string) => rgbOf({ good: '#0f0', bad: 'red', 'part-test': '#0000ff' }[name] ?? '#808080'),
  };
  const by = (way: 'person' | 'part' | 'correct' | 'angle') =>
    rowColours({ rows, frame: frame!, by: way, palette, most: angleScale([frame!]) });
  assert.deepEqual(
    by('person').entries.map(({ label, rows: own }) => [label, own.length]),
    [0, 1, 2, 3, 4].map((person) => [`p${person}`, 8]),
  );
  assert.equal(new Set(by('person').entries.map(({ colour }) => colour)).size, 5);
  assert.deepEqual(by('part').colours[0], [0, 0, 255]);
  assert.deepEqual(
    by('correct').entries.map(({ label, colour, rows: own }) => [label, colour, own.length]),
    [
      ['correct', 'rgb(0 255 0)', 10],
      ['wrong', 'rgb(255 0 0)', 10],
      ['not a test picture', 'rgb(128 128 128)', 20],
    ],
  );
  assert.equal(by('angle').scale?.most, 40);
  const { colours } = by('part');
  const paint = paintCloud(
    colours,
    { chosen: 3, own: [4], others: [5], marked: [] },
    { back: [255, 255, 255], ink: [0, 0, 0] },
  );
  assert.ok(
    paint.sizes[3]! > paint.sizes[4]! && paint.sizes[4]! > paint.sizes[5]! && paint.sizes[5]! > paint.sizes[6]!,
  );
  assert.deepEqual([...paint.colours.subarray(9, 12)], [0, 0, 0]);
  assert.deepEqual([...paint.colours.subarray(12, 15)], colours[4]);
});

test('a cap on the sphere is where the margin to the nearest other mean is kept', () => {
  // Two persons a right angle apart, and the margin 0.5: caps of (90° - 28.6°) / 2.
  const two = [row(0), { ...row(1), part: 'val' as const }];
  const points = Float32Array.from([1, 0, 0, 0, 1, 0]);
  const lines = sphereLines(points, two, {
    colours: [
      [255, 0, 0],
      [0, 0, 255],
    ],
    grid: [9, 9, 9],
    marginRadians: 0.5,
  });
  const red = Array.from({ length: lines.positions.length / 3 }, (_, at) => at).filter(
    (at) => lines.colours[at * 3] === 255,
  );
  const angles = red.slice(2).map((at) => Math.acos(Math.min(1, lines.positions[at * 3]!)));
  assert.ok(angles.length > 20 && angles.every((angle) => Math.abs(angle - (Math.PI / 2 - 0.5) / 2) < 1e-5)); // float32
  assert.ok(
    red.slice(2).every((at) => Math.abs(Math.hypot(...lines.positions.subarray(at * 3, at * 3 + 3)) - 1) < 1e-5),
  );
  assert.equal(
    Array.from({ length: lines.positions.length / 3 }, (_, at) => at).filter((at) => lines.colours[at * 3 + 2] === 255)
      .length,
    red.length,
  );
});

test(
  'a movement is drawn with fewer points while frames are late, never none, and with all again where the ' +
    'machine keeps up',
  () => {
    const after = (frames: number, milliseconds: number, from: number) =>
      Array.from({ length: frames }).reduce((detail: number) => nextDetail(detail, milliseconds), from);
    assert.equal(after(50, 16.7, 1), 1);
    assert.ok(after(10, 60, 1) < 0.25);
    assert.equal(after(200, 60, 1), 0.1);
    assert.equal(after(200, 16.7, 0.1), 1);
    assert.equal(after(10, 25, 0.4), 0.4); // 40 frames a second are enough to stay
  },
);

test('a box holds the points, has twelve edges, and fills its pane from the first view on', () => {
  const cloud = Float32Array.from(spread(3), (value, at) => value * [1, 0.3, 0.1][at % 3]!);
  const box = boxOf(cloud);
  cloud.forEach((value, at) => assert.ok(value >= box.low[at % 3]! && value <= box.high[at % 3]!));
  const lines = boxLines(box, { axis: [1, 2, 3], edge: [4, 5, 6] });
  assert.equal(lines.positions.length, 12 * 2 * 3);
  assert.equal(lines.colours.filter((value) => value === 1).length, 3 * 2, 'three edges are axes');
  assert.deepEqual(axisEnds(box)[2], [box.low[0], box.low[1], box.high[2]]);
  for (const dimensions of [2, 3] as const) {
    for (const pane of [size, { width: 300, height: 900 }]) {
      const matrix = viewMatrix(fittingCamera([box], dimensions, pane), dimensions, pane);
      const corners = Float32Array.from(cornersOf(box).flat());
      const places = [...Array(8).keys()].map((corner) => placeOf(corners, matrix, { size: pane, row: corner })!);
      const span = (axis: 0 | 1, whole: number) => {
        const at = places.map((place) => place[axis] / whole);
        return { least: Math.min(...at), most: Math.max(...at) };
      };
      const across = span(0, pane.width);
      const down = span(1, pane.height);
      assert.ok(across.least > 0 && across.most < 1 && down.least > 0 && down.most < 1);
      const fullest = Math.max(across.most - across.least, down.most - down.least);
      assert.ok(Math.abs(fullest - 0.93) < 0.02, `${dimensions}-D fills ${fullest}`);
    }
  }
});

test('the density of a cloud counts its points, by a brute force, and shows where many lie', () => {
  const points = Float32Array.from(spread(3), (value) => value * 0.4);
  const matrix = viewMatrix(startCamera, 3, size);
  const paint = {
    colours: Uint8Array.from({ length: points.length }, (_, at) => (at * 7) % 256),
    sizes: new Float32Array(points.length / 3),
  };
  const { across, down, pixels, most } = densityOf({ points, matrix, size, paint });
  assert.deepEqual([across, down], [134, 100]);
  const cells = new Map<number, number[]>();
  for (let row = 0; row < points.length / 3; row++) {
    const [x, y] = placeOf(points, matrix, { size, row })!;
    const place = Math.floor(y / 3) * across + Math.floor(x / 3);
    cells.set(place, [...(cells.get(place) ?? []), row]);
  }
  assert.equal(most, Math.max(...[...cells.values()].map((own) => own.length)));
  for (let place = 0; place < across * down; place++) {
    const own = cells.get(place);
    assert.equal(pixels[place * 4 + 3]! > 0, own !== undefined, `cell ${place}`);
    if (own) {
      const red = own.reduce((sum, at) => sum + paint.colours[at * 3]!, 0) / own.length;
      assert.ok(Math.abs(pixels[place * 4]! - red) <= 1);
    }
  }
  // A cell with a hundred points is more opaque than one with a single point.
  const heap = Float32Array.from([...Array(100).fill([0, 0, 0]).flat(), 0.5, 0.5, 0]);
  const piled = densityOf({
    points: heap,
    matrix: viewMatrix(startCamera, 2, size),
    size,
    paint: { colours: new Uint8Array(heap.length), sizes: new Float32Array(heap.length / 3) },
  });
  const opacities = piled.pixels.filter((value, at) => at % 4 === 3 && value > 0);
  assert.deepEqual([piled.most, Math.max(...opacities), Math.min(...opacities)], [100, 255, 41]);
});

test('many points are drawn as a density until one chooses', () => {
  assert.deepEqual(
    [100, 20_000].map((rows) => pointsDrawn(null, rows)),
    ['dots', 'density'],
  );
  assert.equal(pointsDrawn('faces', 50_000), 'faces');
});
