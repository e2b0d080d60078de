// What the pickle of a torch.save file says: storages, the tensors that view them, and plain values.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "omma/io/byte_reader.h"
#include "omma/io/pickle.h"
#include "omma/io/tensor_file.h"

namespace omma {

struct TorchStorage {
  std::string key;            // its record's name in the archive
  std::int64_t elements = 0;  // as the storage's class counts them
  std::uint64_t bytes = 0;
};

struct TorchTensor {
  std::string name;  // the dotted path to it
  DType dtype = DType::f32;
  std::size_t storage = 0;                        // of TorchPickle::storages
  std::int64_t offset = 0;                        // in elements
  std::vector<std::int64_t> shape, strides = {};  // in elements; within the storage, checked
};

struct TorchPickle {
  std::vector<TorchStorage> storages;  // unique keys
  std::vector<TorchTensor> tensors;
  std::map<std::string, std::string> metadata;
};

// Reads one pickle and what it means. Every tensor's elements lie within its storage; whether the storage's bytes are there is
// the caller's to check. Throws std::invalid_argument for any class, argument or layout that is not a plain tensor's.
TorchPickle read_torch_pickle(ByteReader& reader);

}  // namespace omma
