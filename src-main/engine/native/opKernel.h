// What all of ArcBench's TensorFlow ops are written with: TensorFlow's C functions, and owners of its tensors.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>
#include "tensorflow/c/ops.h"
#include "tensorflow/c/tf_datatype.h"
#include "tensorflow/c/tf_status.h"
#include "tensorflow/c/tf_tensor.h"

// What is used of tensorflow/c/kernels.h, which itself needs headers that the installer does not unpack.
extern "C" {
struct TF_OpKernelConstruction;
struct TF_OpKernelContext;
struct TF_KernelBuilder;
TF_KernelBuilder* TF_NewKernelBuilder(const char* op, const char* device, void* (*create)(TF_OpKernelConstruction*),
                                      void (*compute)(void*, TF_OpKernelContext*), void (*destroy)(void*));
void TF_RegisterKernelBuilder(const char* name, TF_KernelBuilder* builder, TF_Status* status);
void TF_GetInput(TF_OpKernelContext* context, int index, TF_Tensor** tensor, TF_Status* status);
TF_Tensor* TF_AllocateOutput(TF_OpKernelContext* context, int index, TF_DataType type, const int64_t* sizes, int rank,
                             size_t bytes, TF_Status* status);
void TF_OpKernelContext_Failure(TF_OpKernelContext* context, TF_Status* status);
void TF_OpKernelConstruction_GetAttrInt32(TF_OpKernelConstruction* context, const char* name, int32_t* value,
                                          TF_Status* status);
void TF_OpKernelConstruction_GetAttrFloat(TF_OpKernelConstruction* context, const char* name, float* value,
                                          TF_Status* status);
void TF_OpKernelConstruction_GetAttrBool(TF_OpKernelConstruction* context, const char* name, unsigned char* value,
                                         TF_Status* status);
void TF_OpKernelConstruction_Failure(TF_OpKernelConstruction* context, TF_Status* status);
}

namespace native {

struct Status {
  TF_Status* it = TF_NewStatus();
  ~Status() { TF_DeleteStatus(it); }
  bool ok() const { return TF_GetCode(it) == TF_OK; }
};

struct Input {
  TF_Tensor* it = nullptr;
  Input(TF_OpKernelContext* context, int index, TF_Status* status) { TF_GetInput(context, index, &it, status); }
  ~Input() { TF_DeleteTensor(it); }
  long size(int axis) const { return TF_Dim(it, axis); }
  const float* data() const { return static_cast<const float*>(TF_TensorData(it)); }
};

struct Output {
  TF_Tensor* it;
  Output(TF_OpKernelContext* context, int index, const std::vector<int64_t>& sizes, TF_Status* status,
         TF_DataType type = TF_FLOAT) {
    size_t bytes = TF_DataTypeSize(type);
    for (int64_t size : sizes)
      bytes *= size;
    it = TF_AllocateOutput(context, index, type, sizes.data(), sizes.size(), bytes, status);
  }
  ~Output() { TF_DeleteTensor(it); }
  float* data() const { return static_cast<float*>(TF_TensorData(it)); }
};

inline std::vector<int64_t> sizesOf(const Input& input) {
  std::vector<int64_t> sizes;
  for (int axis = 0; axis < TF_NumDims(input.it); axis++)
    sizes.push_back(input.size(axis));
  return sizes;
}
inline long countOf(const Input& input) {
  return TF_TensorElementCount(input.it);
}

inline void failUnless(bool right, const char* otherwise, TF_Status* status) {
  if (TF_GetCode(status) == TF_OK && !right)
    TF_SetStatus(status, TF_INVALID_ARGUMENT, otherwise);
}

/** What registers an op: its name, its operands, results and attributes in the words of
 * TF_OpDefinitionBuilder, and its kernel. */
struct OpDefinition {
  const char* name;
  std::vector<const char*> inputs, outputs, attributes;
  void* (*create)(TF_OpKernelConstruction*);
  void (*compute)(void*, TF_OpKernelContext*);
  void (*destroy)(void*);
};

}  // namespace native
