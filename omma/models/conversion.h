// What the converters of original checkpoints share.
#pragma once

#include <filesystem>
#include <functional>
#include <optional>
#include <string>

#include "omma/base/json.h"
#include "omma/io/tensor_file.h"

namespace omma {

// A checkpoint to convert: one of an authors' files, or a model directory.
struct ConversionSource {
  std::filesystem::path from;
  TensorFile file;               // empty where a directory holds parts of a model alone: an adapter, a projector
  std::filesystem::path beside;  // the folder whose tokenizer and processor files go with it
  std::optional<std::filesystem::path> config_file;         // the config.json to use: the caller's, or the directory's own
  std::optional<std::filesystem::path> settings_file = {};  // YAML of an authors' training program, the caller's
  std::string base = {};                                    // of what is no whole model; "": what it names
  std::filesystem::path vision = {};                        // likewise, of what lacks its picture encoder: a file or directory

  // The config's model_type; "" without a config.
  std::string model_type() const;
};

// The weights of a directory, a .safetensors file or a torch archive. Throws std::invalid_argument for anything else.
TensorFile read_checkpoint(const std::filesystem::path& from);

// Reads that; of a directory without weights, the config alone. `config_file` may be a .yaml or .yml, which is a settings_file
// then.
ConversionSource open_conversion(const std::filesystem::path& from, const std::optional<std::filesystem::path>& config_file);

// Copies a tokenizer's files, of whatever kind; whether there were any.
bool copy_tokenizer(const std::filesystem::path& from, const std::filesystem::path& to);

// Copies the tokenizer's files that lie beside the source, else those of bert-base-uncased in the Hugging Face cache. Throws
// std::invalid_argument that prints the command which fetches them.
void copy_bert_tokenizer(const ConversionSource& source, const std::filesystem::path& to);

// Copies the processor's files that lie beside the source, else writes `otherwise` as preprocessor_config.json.
void copy_processor(const ConversionSource& source, const std::filesystem::path& to, const json& otherwise);

// Copies what lies beside the weights in a model directory: configs, tokenizers and chat templates.
void copy_beside_weights(const std::filesystem::path& from, const std::filesystem::path& to);

// The folder `to` with all that `write` puts into the one that it is given: made beside it and renamed, so that a failure leaves
// nothing that looks like a model. Throws std::invalid_argument where `to` is there and not empty.
void write_new_directory(const std::filesystem::path& to, const std::function<void(const std::filesystem::path&)>& write);

}  // namespace omma
