#include "depthwiseOps.h"

#include "depthwiseConvolution.h"

namespace native {

/** `height` and `width` only the gradient by the images has, `kernel` that by the filter; the result has the others. */
struct DepthwiseAttributes {
  int32_t stride = 1, top = 0, left = 0, down = 0, across = 0, height = 0, width = 0, kernel = 0;
};

void* createDepthwise(TF_OpKernelConstruction* context) {
  auto* attributes = new DepthwiseAttributes();
  Status status;
  const auto read = [&](const char* name, int32_t* value) {
    if (status.ok())
      TF_OpKernelConstruction_GetAttrInt32(context, name, value, status.it);
  };
  read("stride", &attributes->stride), read("top", &attributes->top), read("left", &attributes->left);
  read("down", &attributes->down), read("across", &attributes->across);
  read("height", &attributes->height), read("width", &attributes->width), read("kernel", &attributes->kernel);
  if (!status.ok())
    TF_OpKernelConstruction_Failure(context, status.it);
  return attributes;
}

enum class Depthwise { result, inputGradient, filterGradient };

/** Images or gradients, then the filter or gradients. */
template <Depthwise wanted>
void computeDepthwise(void* kernel, TF_OpKernelContext* context) {
  const auto& of = *static_cast<DepthwiseAttributes*>(kernel);
  Status status;
  const Input first(context, 0, status.it), second(context, 1, status.it);
  if (status.ok())
    failUnless(TF_NumDims(first.it) == 4 && TF_NumDims(second.it) == 4, "A convolution takes two tensors of rank 4.",
               status.it);
  if (!status.ok())
    return TF_OpKernelContext_Failure(context, status.it);
  const long channels = first.size(3);
  const bool byFilter = wanted != Depthwise::filterGradient;
  const depthwise::Shape shape = {first.size(0), of.height, of.width, channels, of.kernel,
                                  of.stride,     of.top,    of.left,  of.down,  of.across};
  const std::vector<int64_t> images = {shape.batch, shape.height, shape.width, channels},
                             filter = {shape.kernel, shape.kernel, channels, 1},
                             results = {shape.batch, shape.down, shape.across, channels};
  failUnless(channels > 0 && channels % 16 == 0 && of.stride > 0 &&
                 sizesOf(first) == (wanted == Depthwise::inputGradient ? results : images) &&
                 sizesOf(second) == (byFilter ? filter : results),
             "A depthwise convolution takes multiples of 16 channels and one filter for each.", status.it);
  if (!status.ok())
    return TF_OpKernelContext_Failure(context, status.it);
  const auto run = [&](const std::vector<int64_t>& sizes, auto compute) {
    const Output output(context, 0, sizes, status.it);
    if (!status.ok())
      return TF_OpKernelContext_Failure(context, status.it);
    compute(shape, first.data(), second.data(), output.data());
  };
  switch (wanted) {
    case Depthwise::result:
      return run(results, depthwise::convolve);
    case Depthwise::inputGradient:
      return run(images, depthwise::inputGradient);
    case Depthwise::filterGradient:
      return run(filter, depthwise::filterGradient);
  }
}

std::vector<OpDefinition> depthwiseOps() {
  const std::vector<const char*> attributes = {"stride: int", "top: int",    "left: int",  "down: int",
                                               "across: int", "height: int", "width: int", "kernel: int"};
  const auto destroy = [](void* of) { delete static_cast<DepthwiseAttributes*>(of); };
  const auto op = [&](const char* name, std::vector<const char*> inputs, void (*compute)(void*, TF_OpKernelContext*)) {
    return OpDefinition{name, inputs, {"result: float"}, attributes, createDepthwise, compute, destroy};
  };
  return {
      op("DepthwiseConv", {"images: float", "filter: float"}, computeDepthwise<Depthwise::result>),
      op("DepthwiseConvBackpropInput", {"gradients: float", "filter: float"},
         computeDepthwise<Depthwise::inputGradient>),
      op("DepthwiseConvBackpropFilter", {"images: float", "gradients: float"},
         computeDepthwise<Depthwise::filterGradient>),
  };
}

}  // namespace native
