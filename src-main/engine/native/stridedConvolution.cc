#include "stridedConvolution.h"

#include <algorithm>
#include <cstring>
#include "products.h"
#include "workers.h"

namespace native::strided {

/** What the filter sees at one pixel of the result, to patch[kernel][kernel][inputs]; what lies outside is zero. */
inline void gather(const Shape& shape, const float* images, long pixel, float* patch) {
  const long across = shape.across(), each = shape.down() * across,
             row = pixel % each / across * shape.stride - shape.padding,
             column = pixel % across * shape.stride - shape.padding;
  const float* image = images + pixel / each * shape.height * shape.width * shape.inputs;
  const long left = std::max(0L, -column), right = std::min(shape.kernel, shape.width - column),
             length = shape.kernel * shape.inputs;
  for (long y = 0; y < shape.kernel; y++, patch += length) {
    if (row + y < 0 || row + y >= shape.height || right <= left) {
      std::memset(patch, 0, length * sizeof(float));
      continue;
    }
    if (left > 0)
      std::memset(patch, 0, left * shape.inputs * sizeof(float));
    std::memcpy(patch + left * shape.inputs, image + ((row + y) * shape.width + column + left) * shape.inputs,
                (right - left) * shape.inputs * sizeof(float));
    if (right < shape.kernel)
      std::memset(patch + right * shape.inputs, 0, (shape.kernel - right) * shape.inputs * sizeof(float));
  }
}

/** Rows of a product that a task takes: their operands stay in a core's cache, and threads get equal shares. */
inline long rowsPerTask(long rows, long depth, long columns) {
  const long fitting = std::max(6L, std::min(96L, kCachedByCore / (depth + columns))),
             threads = Workers::shared().threads();
  const long tasks = ((rows + fitting - 1) / fitting + threads - 1) / threads * threads;
  return ((rows + tasks - 1) / tasks + 5) / 6 * 6;
}

/** matrix[depth][columns] to panels[columns / panel][depth][panel]. */
inline void packPanels(const float* matrix, long depth, long columns, float* panels) {
  const long panel = panelOf(), slice = 128, slices = (depth + slice - 1) / slice;
  Workers::shared().forEach(columns / panel * slices, [&](long index) {
    const long column = index / slices * panel;
    for (long k = index % slices * slice; k < std::min(depth, (index % slices + 1) * slice); k++)
      std::memcpy(panels + column * depth + k * panel, matrix + k * columns + column, panel * sizeof(float));
  });
}

/** matrix[columns][depth] to panels[columns / panel][depth][panel]; depth is a multiple of 16. */
inline void packTransposed(const float* matrix, long depth, long columns, float* panels) {
  const long panel = panelOf(), blocks = depth / 16;
  Workers::shared().forEach(columns / panel * blocks, [&](long index) {
    const long column = index / blocks * panel, first = index % blocks * 16;
    for (long lane = 0; lane < panel; lane++)
      for (long k = first; k < first + 16; k++)
        panels[column * depth + k * panel + lane] = matrix[(column + lane) * depth + k];
  });
}

/** images [batch, height, width, inputs] by filter [kernel, kernel, inputs, outputs]. */
void convolve(const Shape& shape, const float* images, const float* filter, float* result) {
  const long depth = shape.depth(), columns = shape.outputs, panel = panelOf(), pixels = shape.pixels(),
             rows = rowsPerTask(pixels, depth, columns), rowLength = depth + kSkew;
  Scratch panels(depth * columns);
  packPanels(filter, depth, columns, panels.data());
  Workers::shared().forEach((pixels + rows - 1) / rows, [&](long index) {
    Scratch patches(rows * rowLength);
    const long first = index * rows, count = std::min(rows, pixels - first);
    for (long row = 0; row < count; row++)
      gather(shape, images, first + row, patches.data() + row * rowLength);
    for (long column = 0; column < columns; column += panel)
      multiply({patches.data(), rowLength, 1, panels.data() + column * depth, result + first * columns + column,
                columns, count, depth, false});
  });
}

/** The input gradient of a 1x1 convolution without padding: the product goes to one pixel of each stride x stride
 * block, and zeros to the others. */
void pointwiseInputGradient(const Shape& shape, const float* gradients, const float* filter, float* result) {
  const long panel = panelOf(), columns = shape.inputs, depth = shape.outputs, pixels = shape.pixels(),
             rows = rowsPerTask(pixels, depth, columns), across = shape.across(), each = shape.down() * across;
  Scratch panels(depth * columns);
  packTransposed(filter, depth, columns, panels.data());
  Workers::shared().forEach((pixels + rows - 1) / rows, [&](long index) {
    Scratch sums(rows * columns);
    const long first = index * rows, count = std::min(rows, pixels - first);
    for (long column = 0; column < columns; column += panel)
      multiply({gradients + first * depth, depth, 1, panels.data() + column * depth, sums.data() + column, columns,
                count, depth, false});
    for (long row = 0; row < count; row++) {
      const long pixel = first + row, top = pixel % each / across * shape.stride, left = pixel % across * shape.stride,
                 width = std::min(shape.stride, shape.width - left) * columns;
      float* to = result + ((pixel / each * shape.height + top) * shape.width + left) * columns;
      std::memcpy(to, sums.data() + row * columns, columns * sizeof(float));
      std::memset(to + columns, 0, (width - columns) * sizeof(float));
      for (long y = 1; y < std::min(shape.stride, shape.height - top); y++)
        std::memset(to + y * shape.width * columns, 0, width * sizeof(float));
    }
  });
}

/** gradients of the result by filter to the images' gradient. Pixels of one residue by the stride see the same taps of
 * the filter: one product for each residue. */
void inputGradient(const Shape& shape, const float* gradients, const float* filter, float* result) {
  if (shape.kernel == 1 && shape.padding == 0)
    return pointwiseInputGradient(shape, gradients, filter, result);
  const long panel = panelOf(), columns = shape.inputs, outputs = shape.outputs, stride = shape.stride,
             down = shape.down(), across = shape.across();
  Scratch panels(shape.kernel * shape.kernel * columns * outputs);
  for (long residue = 0; residue < stride * stride; residue++) {
    const long top = residue / stride, left = residue % stride;
    if (top >= shape.height || left >= shape.width)
      continue;
    const long height = (shape.height - top + stride - 1) / stride, width = (shape.width - left + stride - 1) / stride,
               pixels = shape.batch * height * width;
    const long firstY = (top + shape.padding) % stride, firstX = (left + shape.padding) % stride;
    const long tapsDown = firstY < shape.kernel ? (shape.kernel - firstY + stride - 1) / stride : 0,
               tapsAcross = firstX < shape.kernel ? (shape.kernel - firstX + stride - 1) / stride : 0;
    const long taps = tapsDown * tapsAcross, depth = taps * outputs, rowLength = depth + kSkew,
               rows = rowsPerTask(pixels, depth, columns);
    const auto place = [&](long pixel) {  // of a pixel of this residue in the result
      const long x = pixel % width, y = pixel / width % height, image = pixel / width / height;
      return result + ((image * shape.height + y * stride + top) * shape.width + x * stride + left) * columns;
    };
    Workers::shared().forEach(
        taps * (columns / panel),
        [&](long index) {  // filter, transposed, to panels[columns / panel][taps][outputs][panel]
          const long tap = index % taps, column = index / taps * panel;
          const float* from =
              filter +
              (((firstY + tap / tapsAcross * stride) * shape.kernel + firstX + tap % tapsAcross * stride) * columns +
               column) *
                  outputs;
          float* to = panels.data() + column * depth + tap * outputs * panel;
          for (long block = 0; block < outputs; block += 16)
            for (long lane = 0; lane < panel; lane++)
              for (long output = block; output < block + 16; output++)
                to[output * panel + lane] = from[lane * outputs + output];
        });
    Workers::shared().forEach((pixels + rows - 1) / rows, [&](long index) {
      Scratch scratch(rows * (rowLength + columns));
      float *patches = scratch.data(), *sums = patches + rows * rowLength;
      const long first = index * rows, count = std::min(rows, pixels - first);
      for (long row = 0; row < count; row++) {
        if (taps == 0) {
          std::memset(place(first + row), 0, columns * sizeof(float));
          continue;
        }
        const long pixel = first + row, image = pixel / width / height;
        const long y = (pixel / width % height * stride + top + shape.padding - firstY) / stride,
                   x = (pixel % width * stride + left + shape.padding - firstX) / stride;
        float* to = patches + row * rowLength;
        for (long tap = 0; tap < taps; tap++, to += outputs) {
          const long fromY = y - tap / tapsAcross, fromX = x - tap % tapsAcross;
          if (fromY < 0 || fromY >= down || fromX < 0 || fromX >= across)
            std::memset(to, 0, outputs * sizeof(float));
          else
            std::memcpy(to, gradients + ((image * down + fromY) * across + fromX) * outputs, outputs * sizeof(float));
        }
      }
      if (taps == 0)
        return;
      for (long column = 0; column < columns; column += panel)
        multiply({patches, rowLength, 1, panels.data() + column * depth, sums + column, columns, count, depth, false});
      for (long row = 0; row < count; row++)
        std::memcpy(place(first + row), sums + row * columns, columns * sizeof(float));
    });
  }
}

/** images and gradients of the result to the filter's gradient; the same bits on any number of threads. */
void filterGradient(const Shape& shape, const float* images, const float* gradients, float* result) {
  Workers& workers = Workers::shared();
  const long depth = shape.depth(), columns = shape.outputs, panel = panelOf(), panels = columns / panel,
             pixels = shape.pixels(), rowLength = depth + kSkew;
  const long group = std::min(pixels, std::max(128L, kCached / (rowLength + columns) / 128 * 128)), slice = 16,
             rows = 48, blocks = (depth + rows - 1) / rows;
  Scratch scratch(group * (rowLength + columns));
  float *left = scratch.data(), *right = left + group * rowLength;
  for (long first = 0; first < pixels; first += group) {
    const long count = std::min(group, pixels - first);
    workers.forEach((count + slice - 1) / slice, [&](long index) {
      for (long pixel = index * slice; pixel < std::min(count, (index + 1) * slice); pixel++) {
        gather(shape, images, first + pixel, left + pixel * rowLength);
        for (long column = 0; column < panels; column++)
          std::memcpy(right + (column * group + pixel) * panel, gradients + (first + pixel) * columns + column * panel,
                      panel * sizeof(float));
      }
    });
    workers.forEach(panels * blocks, [&](long index) {
      const long column = index / blocks, row = index % blocks * rows;
      multiply({left + row, 1, rowLength, right + column * group * panel, result + row * columns + column * panel,
                columns, std::min(rows, depth - row), count, first > 0});
    });
  }
}

}  // namespace native::strided
