#include "convolutionOps.h"

#include <initializer_list>
#include "polyphaseConvolution.h"
#include "stemConvolution.h"
#include "stridedConvolution.h"
#include "tiles.h"
#include "winogradConvolution.h"

namespace native {

/** Runs body(first, second, result) on two tensors of rank 4; `sizesOf` reads them and tells the sizes of the result,
 * none where their channels do not fit. */
template <class SizesOf, class Body>
void compute(TF_OpKernelContext* context, SizesOf sizesOf, Body body) {
  Status status;
  const Input first(context, 0, status.it), second(context, 1, status.it);
  if (status.ok() && (TF_NumDims(first.it) != 4 || TF_NumDims(second.it) != 4))
    TF_SetStatus(status.it, TF_INVALID_ARGUMENT, "A convolution takes two tensors of rank 4.");
  if (!status.ok())
    return TF_OpKernelContext_Failure(context, status.it);
  const std::vector<int64_t> sizes = sizesOf(first, second);
  if (sizes.empty()) {
    TF_SetStatus(status.it, TF_INVALID_ARGUMENT, "This convolution takes multiples of 64 channels.");
    return TF_OpKernelContext_Failure(context, status.it);
  }
  TF_Tensor* output = TF_AllocateOutput(context, 0, TF_FLOAT, sizes.data(), 4,
                                        sizes[0] * sizes[1] * sizes[2] * sizes[3] * sizeof(float), status.it);
  if (!status.ok())
    return TF_OpKernelContext_Failure(context, status.it);
  body(first.data(), second.data(), static_cast<float*>(TF_TensorData(output)));
  TF_DeleteTensor(output);
}

/** Sizes, or none where one of two channel counts is no multiple of 64. */
inline std::vector<int64_t> sizesWhere(long channels, long others, std::initializer_list<int64_t> sizes) {
  return channels % kBlock == 0 && others % kBlock == 0 ? std::vector<int64_t>(sizes) : std::vector<int64_t>();
}

void computeConvolution(void*, TF_OpKernelContext* context) {
  winograd::Shape shape;
  compute(
      context,
      [&](const Input& images, const Input& filter) {
        shape = {images.size(0), images.size(1), images.size(2), images.size(3), filter.size(3)};
        return sizesWhere(shape.inputs, shape.outputs, {shape.batch, shape.height, shape.width, shape.outputs});
      },
      [&](const float* images, const float* filter, float* result) {
        winograd::convolve(shape, images, filter, result);
      });
}

void computeInputGradient(void*, TF_OpKernelContext* context) {
  winograd::Shape shape;  // of the convolution that gives the gradient: its inputs are the gradients of the result
  compute(
      context,
      [&](const Input& gradients, const Input& filter) {
        shape = {gradients.size(0), gradients.size(1), gradients.size(2), gradients.size(3), filter.size(2)};
        return sizesWhere(shape.inputs, shape.outputs, {shape.batch, shape.height, shape.width, shape.outputs});
      },
      [&](const float* gradients, const float* filter, float* result) {
        winograd::inputGradient(shape, gradients, filter, result);
      });
}

void computeFilterGradient(void*, TF_OpKernelContext* context) {
  winograd::Shape shape;
  compute(
      context,
      [&](const Input& images, const Input& gradients) {
        shape = {images.size(0), images.size(1), images.size(2), images.size(3), gradients.size(3)};
        return sizesWhere(shape.inputs, shape.outputs, {3, 3, shape.inputs, shape.outputs});
      },
      [&](const float* images, const float* gradients, float* result) {
        winograd::filterGradient(shape, images, gradients, result);
      });
}

/** The attributes of the strided convolutions; `kernel`, and `height` and `width` of the images, only the
 * gradients have. */
struct StridedAttributes {
  int32_t stride = 0, padding = 0, kernel = 0, height = 0, width = 0;
};

template <bool gradient>
void* createStrided(TF_OpKernelConstruction* context) {
  auto* attributes = new StridedAttributes();
  Status status;
  const auto read = [&](const char* name, int32_t* value) {
    if (status.ok())
      TF_OpKernelConstruction_GetAttrInt32(context, name, value, status.it);
  };
  read("stride", &attributes->stride);
  read("padding", &attributes->padding);
  if (gradient)
    read("kernel", &attributes->kernel), read("height", &attributes->height), read("width", &attributes->width);
  if (!status.ok())
    TF_OpKernelConstruction_Failure(context, status.it);
  return attributes;
}

void computeStrided(void* kernel, TF_OpKernelContext* context) {
  const auto& of = *static_cast<StridedAttributes*>(kernel);
  strided::Shape shape;
  compute(
      context,
      [&](const Input& images, const Input& filter) {
        shape = {images.size(0), images.size(1), images.size(2), images.size(3),
                 filter.size(3), filter.size(0), of.stride,      of.padding};
        return sizesWhere(0, shape.outputs, {shape.batch, shape.down(), shape.across(), shape.outputs});
      },
      [&](const float* images, const float* filter, float* result) {
        (stem::fits(shape)        ? stem::convolve
         : polyphase::fits(shape) ? polyphase::convolve
                                  : strided::convolve)(shape, images, filter, result);
      });
}

void computeStridedInputGradient(void* kernel, TF_OpKernelContext* context) {
  const auto& of = *static_cast<StridedAttributes*>(kernel);
  strided::Shape shape;
  compute(
      context,
      [&](const Input& gradients, const Input& filter) {
        shape = {gradients.size(0), of.height, of.width,  filter.size(2),
                 filter.size(3),    of.kernel, of.stride, of.padding};
        return sizesWhere(shape.inputs, shape.outputs, {shape.batch, shape.height, shape.width, shape.inputs});
      },
      [&](const float* gradients, const float* filter, float* result) {
        (polyphase::fits(shape) ? polyphase::inputGradient : strided::inputGradient)(shape, gradients, filter, result);
      });
}

void computeStridedFilterGradient(void* kernel, TF_OpKernelContext* context) {
  const auto& of = *static_cast<StridedAttributes*>(kernel);
  strided::Shape shape;
  compute(
      context,
      [&](const Input& images, const Input& gradients) {
        shape = {images.size(0),    images.size(1), images.size(2), images.size(3),
                 gradients.size(3), of.kernel,      of.stride,      of.padding};
        return sizesWhere(0, shape.outputs, {shape.kernel, shape.kernel, shape.inputs, shape.outputs});
      },
      [&](const float* images, const float* gradients, float* result) {
        (stem::fits(shape)        ? stem::filterGradient
         : polyphase::fits(shape) ? polyphase::filterGradient
                                  : strided::filterGradient)(shape, images, gradients, result);
      });
}

std::vector<OpDefinition> convolutionOps() {
  const std::vector<const char*> forward = {"stride: int", "padding: int"},
                                 gradient = {"stride: int", "padding: int", "kernel: int", "height: int", "width: int"};
  const auto destroy = [](void* attributes) { delete static_cast<StridedAttributes*>(attributes); };
  return {{"WinogradConv2D",
           {"images: float", "filter: float"},
           {"result: float"},
           {},
           nullptr,
           computeConvolution,
           nullptr},
          {"WinogradConv2DBackpropInput",
           {"gradients: float", "filter: float"},
           {"result: float"},
           {},
           nullptr,
           computeInputGradient,
           nullptr},
          {"WinogradConv2DBackpropFilter",
           {"images: float", "gradients: float"},
           {"result: float"},
           {},
           nullptr,
           computeFilterGradient,
           nullptr},
          {"StridedConv2D",
           {"images: float", "filter: float"},
           {"result: float"},
           forward,
           createStrided<false>,
           computeStrided,
           destroy},
          {"StridedConv2DBackpropInput",
           {"gradients: float", "filter: float"},
           {"result: float"},
           gradient,
           createStrided<true>,
           computeStridedInputGradient,
           destroy},
          {"StridedConv2DBackpropFilter",
           {"images: float", "gradients: float"},
           {"result: float"},
           gradient,
           createStrided<true>,
           computeStridedFilterGradient,
           destroy}};
}

}  // namespace native
