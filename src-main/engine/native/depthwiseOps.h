// Depthwise convolutions, NHWC: each channel by its own filter, and their gradients.
#pragma once

#include <vector>
#include "opKernel.h"

namespace native {

std::vector<OpDefinition> depthwiseOps();

}  // namespace native
