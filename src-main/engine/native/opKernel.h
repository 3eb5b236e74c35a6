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
TF_Tensor* TF_ForwardInputOrAllocateOutput(TF_OpKernelContext* context, const int* candidates, int count, int index,
                                           const int64_t* sizes, int rank, int* forwarded, TF_Status* status);
void TF_OpKernelContext_Failure(TF_OpKernelContext* context, TF_Status* status);
void TF_OpKernelConstruction_GetAttrInt32(TF_OpKernelConstruction* context, const char* name, int32_t* value,
                                          TF_Status* status);
void TF_OpKernelConstruction_GetAttrFloat(TF_OpKernelConstruction* context, const char* name, float* value,
                                          TF_Status* status);
void TF_OpKernelConstruction_GetAttrType(TF_OpKernelConstruction* context, const char* name, TF_DataType* value,
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
  template <class Number = float>
  const Number* data() const {
    return static_cast<const Number*>(TF_TensorData(it));
  }
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
  template <class Number = float>
  Number* data() const {
    return static_cast<Number*>(TF_TensorData(it));
  }
};

/** An operand and a result of the same sizes that take each other's place number by number: the operand's memory where
 * nothing else reads it, else memory of its own. A result in place is not fetched before it is written. */
class InPlace {
 public:
  InPlace(TF_OpKernelContext* context, int operand, int result, TF_Status* status) {
    std::vector<int64_t> sizes;
    TF_Tensor* tensor = nullptr;
    TF_GetInput(context, operand, &tensor, status);
    if (TF_GetCode(status) != TF_OK)
      return;
    for (int axis = 0; axis < TF_NumDims(tensor); axis++)
      sizes.push_back(TF_Dim(tensor, axis));
    TF_DeleteTensor(tensor);  // or its memory would have two readers
    int forwarded = -1;
    result_ =
        TF_ForwardInputOrAllocateOutput(context, &operand, 1, result, sizes.data(), sizes.size(), &forwarded, status);
    if (TF_GetCode(status) == TF_OK && forwarded != operand)
      TF_GetInput(context, operand, &operand_, status);
  }
  ~InPlace() {
    if (operand_)
      TF_DeleteTensor(operand_);
    if (result_)
      TF_DeleteTensor(result_);
  }
  InPlace(const InPlace&) = delete;
  long count() const { return result_ ? TF_TensorElementCount(result_) : 0; }
  template <class Number = float>
  const Number* operand() const {
    return static_cast<const Number*>(TF_TensorData(operand_ ? operand_ : result_));
  }
  template <class Number = float>
  Number* result() const {
    return static_cast<Number*>(TF_TensorData(result_));
  }

 private:
  TF_Tensor *operand_ = nullptr, *result_ = nullptr;
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
