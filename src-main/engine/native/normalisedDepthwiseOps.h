// Batch normalisation, rectifier and depthwise convolution as one op, and its gradient.
#pragma once

#include <vector>
#include "opKernel.h"

namespace native {

std::vector<OpDefinition> normalisedDepthwiseOps();

}  // namespace native
