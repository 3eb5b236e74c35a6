// Depthwise convolutions, NHWC: each channel by its own filter, and their gradients.
#pragma once

#include <vector>
#include "depthwiseConvolution.h"
#include "opKernel.h"

namespace native {

/** `height` and `width` only the gradient by the images has, `kernel` that by the filter; the result has the others. */
struct DepthwiseAttributes {
  int32_t stride = 1, top = 0, left = 0, down = 0, across = 0, height = 0, width = 0, kernel = 0;
};

/** The same in the words of TF_OpDefinitionBuilder. */
const std::vector<const char*>& depthwiseAttributes();
void readDepthwise(TF_OpKernelConstruction* context, DepthwiseAttributes* attributes, TF_Status* status);

/** The sizes of a convolution's operands and result. */
struct DepthwiseSizes {
  const depthwise::Shape shape;
  const std::vector<int64_t> images, filter, results;
  DepthwiseSizes(const DepthwiseAttributes& of, long batch, long channels)
      : shape{batch, of.height, of.width, channels, of.kernel, of.stride, of.top, of.left, of.down, of.across},
        images{batch, of.height, of.width, channels},
        filter{of.kernel, of.kernel, channels, 1},
        results{batch, of.down, of.across, channels} {}
  /** Whether there are kernels for them. */
  bool fit() const { return shape.channels > 0 && shape.channels % 16 == 0 && shape.stride > 0; }
};

std::vector<OpDefinition> depthwiseOps();

}  // namespace native
