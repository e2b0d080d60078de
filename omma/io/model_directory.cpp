// The weights of a directory in the layout of Hugging Face `transformers`: one file, or shards and an index.
#include <algorithm>
#include <array>
#include <map>

#include "omma/base/config.h"
#include "omma/base/error.h"
#include "omma/base/file.h"
#include "omma/base/json.h"
#include "omma/io/quote.h"
#include "omma/io/tensor_file.h"

namespace omma {
namespace fs = std::filesystem;
namespace {

// A link is there wherever it leads: that it leads nowhere or to itself is told when it is opened.
bool is_there(const fs::path& file) { return fs::exists(fs::symlink_status(file)); }

using Reader = TensorFile (*)(const fs::path&);

// Reads every shard that the index names, and requires that index and shards agree.
TensorFile read_shards(const fs::path& directory, const std::string& index_name, Reader read) {
  const fs::path index_file = path_inside(directory, index_name);
  const json index = read_json(index_file, {.reject_duplicate_keys = true});
  const std::string where = index_file.string();
  check(index.is_object() && index.contains("weight_map") && index["weight_map"].is_object() && !index["weight_map"].empty(),
        "{}: weight_map: expected an object of tensor and file names", where);

  std::map<std::string, std::vector<std::string>> names_of_shard;  // metadata.total_size is not used: writers disagree about it
  for (const auto& [tensor, shard] : index["weight_map"].items()) {
    if (!shard.is_string()) fail("{}: weight_map: {}: expected a file name, found {}", where, quote(tensor), shard.type_name());
    names_of_shard[shard.get<std::string>()].push_back(tensor);
  }

  Faults faults(where);
  std::vector<TensorView> tensors;
  std::map<std::string, std::string> metadata;
  std::vector<std::shared_ptr<const void>> owners;
  for (auto& [shard, names] : names_of_shard) {
    const fs::path file = path_inside(directory, shard);
    if (!is_there(file)) {
      faults.add("shard {} is missing", quote(shard));
      continue;
    }
    const TensorFile contents = read(file);
    std::ranges::sort(names);
    for (const std::string& name : names)
      if (contents.find(name) == nullptr) faults.add("tensor {} is not in {}", quote(name), quote(shard));
    for (const TensorView& tensor : contents.tensors()) {
      if (!std::ranges::binary_search(names, tensor.name))
        faults.add("{} holds tensor {}, which the index places elsewhere or not at all", quote(shard), quote(tensor.name));
      tensors.push_back(tensor);
    }
    metadata.insert(contents.metadata().begin(), contents.metadata().end());
    owners.push_back(std::make_shared<const TensorFile>(contents));
  }
  faults.raise();
  return TensorFile(std::move(tensors), std::move(metadata), std::move(owners));
}

struct Layout {
  const char* file;
  const char* index;
  Reader read;
};
constexpr std::array layouts = {Layout{"model.safetensors", "model.safetensors.index.json", read_safetensors},
                                Layout{"pytorch_model.bin", "pytorch_model.bin.index.json", read_torch_archive}};

}  // namespace

bool has_weights(const fs::path& model_directory) {
  return std::ranges::any_of(layouts, [&](const Layout& layout) {
    return is_there(model_directory / layout.file) || is_there(model_directory / layout.index);
  });
}

TensorFile read_weights(const fs::path& model_directory) {
  check(fs::is_directory(model_directory), "{}: expected a model directory", model_directory.string());
  for (const auto& [file, index, read] : layouts) {
    if (is_there(model_directory / file)) return read(model_directory / file);
    if (is_there(model_directory / index)) return read_shards(model_directory, index, read);
  }
  fail(
      "{}: expected model.safetensors, model.safetensors.index.json, pytorch_model.bin or pytorch_model.bin.index.json, found none",
      model_directory.string());
}

}  // namespace omma
