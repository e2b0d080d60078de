#include "omma/models/gguf/checkpoint.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <vector>

#include "omma/base/error.h"
#include "omma/base/threads.h"
#include "omma/models/gguf/config.h"
#include "omma/models/tensor_set.h"
#include "omma/nn/model_directory.h"
#include "omma/nn/weights.h"

namespace omma {
namespace fs = std::filesystem;
namespace {

struct TensorName {
  std::string_view from, to;
};
constexpr std::array<TensorName, 3> whole_names = {{{"token_embd.weight", "model.embed_tokens.weight"},
                                                    {"output_norm.weight", "model.norm.weight"},
                                                    {"output.weight", "lm_head.weight"}}};
constexpr std::array<TensorName, 9> layer_names = {{{"attn_norm", "input_layernorm"},
                                                    {"attn_q", "self_attn.q_proj"},
                                                    {"attn_k", "self_attn.k_proj"},
                                                    {"attn_v", "self_attn.v_proj"},
                                                    {"attn_output", "self_attn.o_proj"},
                                                    {"ffn_norm", "post_attention_layernorm"},
                                                    {"ffn_gate", "mlp.gate_proj"},
                                                    {"ffn_up", "mlp.up_proj"},
                                                    {"ffn_down", "mlp.down_proj"}}};

// transformers' name of a tensor; "" for what is no weight, other names as they are.
std::string name_of(std::string_view name) {
  if (name == "rope_freqs.weight") return "";
  for (const TensorName& known : whole_names)
    if (name == known.from) return std::string(known.to);
  if (!name.starts_with("blk.")) return std::string(name);
  const std::size_t dot = name.find('.', 4), last = name.rfind('.');
  if (dot == std::string_view::npos || last <= dot) return std::string(name);
  const std::string_view part = name.substr(dot + 1, last - dot - 1);
  for (const TensorName& known : layer_names)
    if (part == known.from) return fmt::format("model.layers.{}.{}{}", name.substr(4, dot - 4), known.to, name.substr(last));
  return std::string(name);
}

// llama.cpp turns neighbouring channels of a head together, transformers those half a head apart: its rows of queries and keys lie
// in that order. The row of the file that is each of ours, [out].
Tensor unmixed_rows(int64_t rows, int64_t heads) {
  return torch::arange(rows).view({heads, rows / heads / 2, 2}).transpose(1, 2).reshape({-1});
}

class Loader {
 public:
  Loader(const GgufCheckpoint& checkpoint, const GgufOptions& options)
      : checkpoint_(checkpoint),
        options_(options),
        dtype_(options.dtype.value_or(options.device.is_cpu() ? torch::kBFloat16 : torch::kFloat16)) {}

  LlamaForCausalLM load() {
    const LlamaConfig& config = checkpoint_.config;
    {
      const ShapesOnly shapes_only;
      model_ = LlamaForCausalLM(config);
    }
    find_layers();
    reserve();
    TensorSet numbers;
    for (const GgufTensor& tensor : checkpoint_.file.tensors()) {
      const std::string name = name_of(tensor.name);
      if (!name.empty() && !set_blocks(tensor, name)) numbers.set(name, numbers_of(tensor));
    }
    load_weights(*model_, numbers.file(), {}, checkpoint_.where, {.device = options_.device, .dtype = dtype_});
    model_->eval();
    return model_;
  }

 private:
  bool keeps_blocks() const { return !options_.is_dense && options_.device.is_cpu() && dtype_ != torch::kFloat16; }

  void find_layers() {
    for (const auto& item : model_->named_modules()) {
      if (auto* linear = item.value()->as<LinearImpl>()) linears_[item.key() + ".weight"] = linear;
    }
  }

  // Blocks that are copied lie in one storage, each behind the other on a cache line of its own.
  static int64_t lines(const GgufTensor& tensor) { return (std::ssize(tensor.bytes) + 63) / 64 * 64; }
  void reserve() {
    int64_t bytes = 0;
    for (const GgufTensor& tensor : checkpoint_.file.tensors())
      if (is_block_type(tensor.type)) bytes += lines(tensor);
    if (keeps_blocks() && bytes <= available_memory() / 4) memory_ = huge_pages(bytes);
  }

  int64_t heads_of(const std::string& name) const {  // whose rows are mixed; 0: of none
    if (name.find("self_attn.q_proj") != std::string::npos) return checkpoint_.config.num_attention_heads;
    if (name.find("self_attn.k_proj") != std::string::npos) return checkpoint_.config.key_value_heads();
    return 0;
  }

  // Whether the tensor stays in blocks, as a layer's weight or the words'.
  bool set_blocks(const GgufTensor& tensor, const std::string& name) {
    if (!keeps_blocks() || !is_block_type(tensor.type) || tensor.shape.size() != 2) return false;
    const bool is_words = name == "model.embed_tokens.weight";
    const auto linear = linears_.find(name);
    if (!is_words && linear == linears_.end()) return false;
    const BlockWeight weight{.type = tensor.type, .in = tensor.shape[1], .blocks = blocks_of(tensor, name)};
    if (is_words)
      model_->model->embed_tokens->set_blocks(weight, dtype_);
    else
      linear->second->set_blocks(weight);
    return true;
  }

  Tensor blocks_of(const GgufTensor& tensor, const std::string& name) {
    const auto keep = [owner = checkpoint_.file.owner()](void*) {};
    const std::vector<int64_t> sizes = {tensor.shape[0], std::ssize(tensor.bytes) / tensor.shape[0]};
    Tensor rows = torch::from_blob(const_cast<std::uint8_t*>(tensor.bytes.data()), sizes, keep, torch::kUInt8);
    if (const int64_t heads = heads_of(name); heads > 0) rows = rows.index_select(0, unmixed_rows(sizes[0], heads));
    if (!memory_.defined()) return rows;
    const Tensor place = memory_.narrow(0, used_, rows.numel()).view(sizes);
    used_ += lines(tensor);
    return place.copy_(rows);
  }

  Tensor numbers_of(const GgufTensor& tensor) const {
    const Tensor numbers = torch::empty(tensor.shape);
    dequantize(tensor.type, tensor.bytes, {numbers.mutable_data_ptr<float>(), static_cast<std::size_t>(numbers.numel())});
    const int64_t heads = heads_of(name_of(tensor.name));
    return heads > 0 ? numbers.index_select(0, unmixed_rows(tensor.shape[0], heads)) : numbers;
  }

  const GgufCheckpoint& checkpoint_;
  const GgufOptions& options_;
  torch::Dtype dtype_;
  LlamaForCausalLM model_{nullptr};
  std::map<std::string, LinearImpl*> linears_;  // by their weights' names
  Tensor memory_;                               // undefined: blocks stay in the file's mapping
  int64_t used_ = 0;
};

ChatTemplate chat_template_of(const GgufCheckpoint& checkpoint, const std::string& name) {
  const bool is_own = name.empty();
  check(!is_own || !checkpoint.vocabulary.chat_template.empty(),
        "{}: no chat template (tokenizer.chat_template), and none was named", checkpoint.where);
  ChatTemplate chat =
      is_own ? ChatTemplate::from_source(checkpoint.vocabulary.chat_template, checkpoint.where) : find_chat_template({}, name);
  chat.take_special_tokens(gguf_tokenizer_config_json(checkpoint.vocabulary, checkpoint.where));
  return chat;
}

}  // namespace

std::optional<fs::path> find_gguf(const fs::path& path) {
  std::error_code error;
  const auto is_gguf = [&](const fs::path& file) { return file.extension() == ".gguf" && fs::is_regular_file(file, error); };
  if (is_gguf(path)) return path;
  if (!fs::is_directory(path, error) || fs::exists(path / "config.json", error)) return std::nullopt;
  std::vector<fs::path> found;
  for (const auto& entry : fs::directory_iterator(path))
    if (is_gguf(entry.path())) found.push_back(entry.path());
  if (found.empty()) return std::nullopt;
  std::ranges::sort(found);
  const auto whole = [](const fs::path& file) {  // without "-00001-of-00003"
    const std::string stem = file.stem().string();
    const std::size_t of = stem.rfind("-of-");
    return of == std::string::npos || of < 6 ? stem : stem.substr(0, of - 6);
  };
  for (const fs::path& file : found)
    check(whole(file) == whole(found.front()), "{}: expected one model, got {} and {}: name the file", path.string(),
          found.front().filename().string(), file.filename().string());
  return found.front();
}

GgufCheckpoint open_gguf(const fs::path& file) {
  GgufCheckpoint checkpoint{.where = file.string(), .file = read_gguf(file), .config = {}, .vocabulary = {}};
  checkpoint.config = gguf_config(checkpoint.file, checkpoint.where);
  checkpoint.vocabulary = gguf_vocabulary(checkpoint.file);
  return checkpoint;
}

LlamaForCausalLM load_gguf(const GgufCheckpoint& checkpoint, const GgufOptions& options) {
  return Loader(checkpoint, options).load();
}

LanguageCheckpoint load_gguf_language(const fs::path& file, const LanguageOptions& options) {
  const GgufCheckpoint checkpoint = open_gguf(file);
  LlamaForCausalLM model = load_gguf(checkpoint, {.device = options.device, .dtype = options.dtype});
  return {.config = checkpoint.config,
          .language = {.module = model.ptr(), .network = model.get()},
          .tokenizer = gguf_tokenizer(checkpoint.vocabulary, checkpoint.where),
          .generation = gguf_generation(checkpoint.file)};
}

ChatGeneration load_gguf_chat(const fs::path& file, const LanguageOptions& options, const std::string& chat_template) {
  const GgufCheckpoint checkpoint = open_gguf(file);
  return {load_gguf(checkpoint, {.device = options.device, .dtype = options.dtype}),
          gguf_tokenizer(checkpoint.vocabulary, checkpoint.where), chat_template_of(checkpoint, chat_template),
          gguf_generation(checkpoint.file)};
}

void convert_gguf(const fs::path& file, const fs::path& to) {
  const GgufCheckpoint checkpoint = open_gguf(file);
  check(checkpoint.config.rope.divisors.empty(),
        "{}: rope_freqs.weight: expected Llama 3's values: a config.json cannot tell these", checkpoint.where);
  std::int64_t weights = 0;
  for (const GgufTensor& tensor : checkpoint.file.tensors()) weights += element_count(tensor.shape).value_or(0);
  const torch::Dtype dtype = weights < 1'000'000'000 ? torch::kFloat32 : torch::kBFloat16;
  const LlamaForCausalLM model = load_gguf(checkpoint, {.dtype = dtype, .is_dense = true});
  const GenerationConfig generation = gguf_generation(checkpoint.file);
  json config = write_language_config(checkpoint.config);
  config["architectures"] = {"LlamaForCausalLM"};
  config["bos_token_id"] = checkpoint.vocabulary.bos_token_id ? json(*checkpoint.vocabulary.bos_token_id) : json();
  config["eos_token_id"] = generation.eos_token_id;
  save_model_directory(to, *model,
                       {.config = config,
                        .tokenizer = gguf_tokenizer_json(checkpoint.vocabulary, checkpoint.where),
                        .tokenizer_config = gguf_tokenizer_config_json(checkpoint.vocabulary, checkpoint.where),
                        .generation = generation},
                       dtype);
}

}  // namespace omma
