#include "omma/nn/model_directory.h"

#include "omma/base/file.h"
#include "omma/nn/weights.h"

namespace omma {

void save_model_directory(const std::filesystem::path& directory, const torch::nn::Module& model, const ModelFiles& files,
                          torch::Dtype dtype) {
  std::filesystem::create_directories(directory);
  const auto write = [&](const char* name, const json& object, int indent) {
    if (!object.is_null()) write_file(directory / name, dump_json(object, indent) + "\n");
  };
  json config = files.config;
  config["dtype"] = config["torch_dtype"] = dtype_name(dtype);  // its names in transformers 5 and before
  write("config.json", config, 2);
  write("tokenizer.json", files.tokenizer, 1);
  write("tokenizer_config.json", files.tokenizer_config, 2);
  write("preprocessor_config.json", files.processor, 2);
  if (files.generation) write("generation_config.json", write_config(*files.generation), 2);
  save_weights(directory / "model.safetensors", model, dtype);
}

json bert_tokenizer_config(int64_t max_tokens) {
  return {{"tokenizer_class", "BertTokenizer"},
          {"do_lower_case", true},
          {"model_max_length", max_tokens},
          {"cls_token", "[CLS]"},
          {"sep_token", "[SEP]"},
          {"pad_token", "[PAD]"},
          {"unk_token", "[UNK]"},
          {"mask_token", "[MASK]"}};
}

}  // namespace omma
