#include "augmentOps.h"

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <cstring>
#include "vectors.h"
#include "workers.h"

namespace native {

/** Red, green, blue and a lane that is not used. */
typedef float Colour __attribute__((vector_size(16)));

/** How one picture becomes input: its placement, output (x, y) from input (scale[0] x + offset[0], scale[1] y +
 * offset[1]), its colours, each mixed from [3][3], and the rectangle of zeros, top, bottom, left, right. */
struct Augmentation {
  float scale[2], offset[2], mix[3][3], shift[3], erased[4];
};

/** What an output row or column reads: input `at` and, by `share`, the one after it; edges are repeated. */
struct Tap {
  long at;
  float share;
};
inline Tap tapAt(float position, long size) {
  const float within = std::min(std::max(position, 0.0f), static_cast<float>(size - 1));
  const long at = std::min(static_cast<long>(within), std::max(0L, size - 2));
  return {at, within - at};
}

/** One picture [height][width][3] from 0 to 255 to values from -1 to 1; with the least instructions, so
 * that each x86-64 processor gives the same bits. */
LEAST_INSTRUCTIONS void augment(const Augmentation& by, const uint8_t* picture, long height, long width,
                                float* result) {
  const long row = width * 3;
  std::vector<float> mixed(row + 8);  // two input rows, mixed; a pixel is read with the number behind it, and the last
                                      // one with the pixel behind it
  std::vector<Tap> columns(width);
  for (long x = 0; x < width; x++)
    columns[x] = tapAt(by.scale[0] * x + by.offset[0], width);
  Colour mix[3], shift{};  // the change of range from [0, 1] to [-1, 1] is in them
  for (long from = 0; from < 3; from++)
    mix[from] = Colour{by.mix[from][0], by.mix[from][1], by.mix[from][2], 0} * (2.0f / 255);
  for (long to = 0; to < 3; to++)
    shift[to] = by.shift[to] * 2 - 1;
  const auto firstIn = [&](float edge) { return std::min(width, static_cast<long>(std::max(0.0f, std::ceil(edge)))); };
  const long left = firstIn(by.erased[2]), right = std::max(left, firstIn(by.erased[3]));
  for (long y = 0; y < height; y++, result += row) {
    const Tap tap = tapAt(by.scale[1] * y + by.offset[1], height);
    const uint8_t *upper = picture + tap.at * row, *lower = upper + (tap.at + 1 < height ? row : 0);
    for (long at = 0; at < row; at++)
      mixed[at] = upper[at] + tap.share * (static_cast<float>(lower[at]) - upper[at]);
    for (long x = 0; x < width; x++) {
      const Colour one = load<Colour>(mixed.data() + columns[x].at * 3),
                   next = load<Colour>(mixed.data() + columns[x].at * 3 + 3),
                   pixel = one + columns[x].share * (next - one);
      Colour value = pixel[0] * mix[0] + pixel[1] * mix[1] + pixel[2] * mix[2] + shift;
      value = value > 1.0f ? Colour{} + 1.0f : value;
      value = value < -1.0f ? Colour{} - 1.0f : value;
      std::memcpy(result + x * 3, &value, 3 * sizeof(float));
    }
    if (y >= by.erased[0] && y < by.erased[1])
      std::memset(result + left * 3, 0, (right - left) * 3 * sizeof(float));
  }
}

void computeAugmented(
    void*, TF_OpKernelContext* context) {  // images uint8, then transforms [batch, 8], colour matrix [batch, 3, 3] and
                                           // offset [batch, 1, 3], erased rectangles [batch, 4], or empty
  Status status;
  const Input images(context, 0, status.it), transforms(context, 1, status.it), matrix(context, 2, status.it),
      offset(context, 3, status.it), erased(context, 4, status.it);
  if (!status.ok())
    return TF_OpKernelContext_Failure(context, status.it);
  failUnless(TF_NumDims(images.it) == 4 && images.size(3) == 3 && images.size(1) > 0 && images.size(2) > 0,
             "Pictures are augmented that are [batch, height, width, 3].", status.it);
  if (!status.ok())
    return TF_OpKernelContext_Failure(context, status.it);
  const long batch = images.size(0), height = images.size(1), width = images.size(2), numbers = height * width * 3;
  const auto fits = [&](const Input& draws, long each) {
    return countOf(draws) == 0 || countOf(draws) == batch * each;
  };
  failUnless(fits(transforms, 8) && fits(matrix, 9) && fits(offset, 3) && fits(erased, 4),
             "Pictures are augmented by as many draws as there are pictures.", status.it);
  if (!status.ok())
    return TF_OpKernelContext_Failure(context, status.it);
  std::vector<Augmentation> augmentations(batch);
  for (long index = 0; index < batch; index++) {
    Augmentation& of =
        augmentations[index] = {{1, 1}, {0, 0}, {{1, 0, 0}, {0, 1, 0}, {0, 0, 1}}, {0, 0, 0}, {0, 0, 0, 0}};
    if (countOf(transforms)) {
      const float* transform =
          transforms.data() +
          index * 8;  // a picture is mirrored, shifted and scaled; turns, numbers 1, 3, 6 and 7, are not drawn
      of.scale[0] = transform[0], of.offset[0] = transform[2], of.scale[1] = transform[4], of.offset[1] = transform[5];
    }
    if (countOf(matrix))
      std::memcpy(of.mix, matrix.data() + index * 9, sizeof(of.mix));
    if (countOf(offset))
      std::memcpy(of.shift, offset.data() + index * 3, sizeof(of.shift));
    if (countOf(erased))
      std::memcpy(of.erased, erased.data() + index * 4, sizeof(of.erased));
  }
  const Output result(context, 0, sizesOf(images), status.it);
  if (!status.ok())
    return TF_OpKernelContext_Failure(context, status.it);
  const uint8_t* pictures = static_cast<const uint8_t*>(TF_TensorData(images.it));
  Workers::shared().forEach(batch, [&](long index) {
    augment(augmentations[index], pictures + index * numbers, height, width, result.data() + index * numbers);
  });
}

std::vector<OpDefinition> augmentOps() {
  return {{"AugmentPictures",
           {"images: uint8", "transforms: float", "colour_matrix: float", "colour_offset: float", "erased: float"},
           {"result: float"},
           {},
           nullptr,
           computeAugmented,
           nullptr}};
}

}  // namespace native
