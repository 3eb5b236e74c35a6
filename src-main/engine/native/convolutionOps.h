#pragma once

#include <vector>
#include "opKernel.h"

namespace native {

/** The convolutions of this folder as TensorFlow ops. */
std::vector<OpDefinition> convolutionOps();

}  // namespace native
