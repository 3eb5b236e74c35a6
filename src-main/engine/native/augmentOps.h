// Pictures as network input, augmented in one pass over them, as a TensorFlow op.
#pragma once

#include <vector>
#include "opKernel.h"

namespace native {

/** Augmentation as a TensorFlow op. */
std::vector<OpDefinition> augmentOps();

}  // namespace native
