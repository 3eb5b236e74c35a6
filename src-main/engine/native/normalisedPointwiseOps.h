// Batch normalisation, rectifier and 1x1 convolution as one op, and its gradient.
#pragma once

#include <vector>
#include "opKernel.h"

namespace native {

std::vector<OpDefinition> normalisedPointwiseOps();

}  // namespace native
