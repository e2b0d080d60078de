#include "omma/models/blip2/convert.h"

#include <fmt/format.h>

#include <cmath>

#include "omma/base/error.h"
#include "omma/models/blip2/matcher.h"
#include "omma/models/blip2/speaker.h"
#include "omma/models/original_shapes.h"
#include "omma/models/tensor_set.h"
#include "omma/models/zoo.h"
#include "omma/nn/model_directory.h"

namespace omma {
namespace fs = std::filesystem;
namespace {

constexpr const char* first_query = "Qformer.bert.encoder.layer.0.attention.self.query.weight";

// The authors' names without what training wrappers put before them.
TensorSet original_tensors(const TensorFile& file) {
  KeyTable names;
  names.rules = {{"model.**", {"**"}}, {"module.**", {"**"}}};
  TensorSet tensors;
  tensors.add(file, names);
  return tensors;
}

Blip2Kind kind_of(const OriginalShapes& shapes, const std::string& where) {
  check(!shapes.has("llm_proj.weight"), "{}: InstructBLIP with Vicuna: expected one with T5", where);
  if (!shapes.has("opt_proj.weight") && !shapes.has("t5_proj.weight")) return Blip2Kind::retrieval;
  return shapes.has("Qformer.bert.embeddings.word_embeddings.weight") ? Blip2Kind::instruct : Blip2Kind::language;
}

// EVA's blocks to those of transformers; each has biases of queries and values, none of keys.
KeyTable vision_keys(const std::string& prefix) {
  const std::string block = prefix + "blocks.*.", layer = "vision_model.encoder.layers.*.";
  KeyTable table;
  table.rules = {{prefix + "cls_token", {"vision_model.embeddings.class_embedding"}},
                 {prefix + "pos_embed", {"vision_model.embeddings.position_embedding"}},
                 {prefix + "patch_embed.proj.*", {"vision_model.embeddings.patch_embedding.*"}},
                 {block + "norm1.*", {layer + "layer_norm1.*"}},
                 {block + "attn.qkv.*", {layer + "self_attn.qkv.*"}},
                 {block + "attn.proj.*", {layer + "self_attn.projection.*"}},
                 {block + "norm2.*", {layer + "layer_norm2.*"}},
                 {block + "mlp.**", {layer + "mlp.**"}}};
  for (const char* unused : {"norm.*", "fc_norm.*", "head.*"}) table.ignored.push_back(prefix + unused);
  for (const char* joined : {"attn.q_bias", "attn.v_bias"}) table.ignored.push_back(block + joined);
  return table;
}

// The picture encoder's tensors under transformers' names. `blocks` of them are read.
void add_eva(const TensorFile& file, const std::string& prefix, int64_t blocks, TensorSet& tensors) {
  KeyTable keys = vision_keys(prefix);
  keys.ignored.push_back(fmt::format("{}blocks.{}.**", prefix, blocks));
  TensorSet read;
  for (const TensorView& view : file.tensors())
    if (view.name.starts_with(prefix)) read.set(view.name, to_tensor(view));
  tensors.add(read.file(), keys);
  for (int64_t i = 0; i < blocks; ++i) {
    const TensorView *query = file.find(fmt::format("{}blocks.{}.attn.q_bias", prefix, i)),
                     *value = file.find(fmt::format("{}blocks.{}.attn.v_bias", prefix, i));
    if (query == nullptr || value == nullptr) continue;
    const Tensor q = to_tensor(*query), v = to_tensor(*value);
    tensors.set(fmt::format("vision_model.encoder.layers.{}.self_attn.qkv.bias", i), torch::cat({q, torch::zeros_like(q), v}));
  }
}

void add_vision(const ConversionSource& source, const TensorFile& own, TensorSet& tensors, Blip2VisionConfig& config) {
  const std::string where = source.from.string();
  const bool has_own = own.find("visual_encoder.cls_token") != nullptr;
  check(has_own || !source.vision.empty(),
        "{}: it lacks its frozen picture encoder (visual_encoder.*): name it with --vision FILE|DIR (eva_vit_g.pth)", where);
  const TensorFile file = has_own ? own : read_checkpoint(source.vision);
  const std::string from = has_own ? where : source.vision.string();
  if (file.find("vision_model.embeddings.class_embedding") != nullptr) {  // transformers' names
    KeyTable names;
    names.ignored = {"vision_model.post_layernorm.*"};  // is trained
    for (const char* other : {"qformer.**", "language_model.**", "language_projection.*", "query_tokens", "embeddings.**",
                              "vision_projection.*", "text_projection.*", "itm_head.*"})
      names.ignored.emplace_back(other);
    tensors.add(file, names);
    const fs::path config_file = source.vision / "config.json";
    config = read_blip2_config(read_json(config_file), config_file.string()).vision_config;
    return;
  }
  const std::string prefix = has_own ? "visual_encoder." : "";
  const OriginalShapes shapes(file, from);
  check(!shapes.has(prefix + "class_embedding"), "{}: CLIP's ViT-L as picture encoder: expected EVA's ViT-g", from);
  config.hidden_size = shapes.size(prefix + "cls_token", 2);
  config.intermediate_size = shapes.size(prefix + "blocks.0.mlp.fc1.weight", 0);
  config.num_hidden_layers = shapes.count(prefix + "blocks.", ".norm1.weight") - (has_own ? 0 : 1);  // all but EVA's last
  config.patch_size = shapes.size(prefix + "patch_embed.proj.weight", 2);
  const auto patches = static_cast<double>(shapes.size(prefix + "pos_embed", 1) - 1);
  config.image_size = static_cast<int64_t>(std::lround(std::sqrt(patches))) * config.patch_size;
  config.qkv_bias = shapes.has(prefix + "blocks.0.attn.q_bias");
  add_eva(file, prefix, config.num_hidden_layers, tensors);
}

QFormerConfig qformer_config(const OriginalShapes& shapes, const Blip2VisionConfig& vision) {
  const std::string layer = "Qformer.bert.encoder.layer.";
  QFormerConfig config;
  config.hidden_size = shapes.size("query_tokens", 2);
  config.num_hidden_layers = shapes.count(layer, ".attention.self.query.weight");
  config.num_attention_heads = std::max<int64_t>(1, config.hidden_size / 64);
  config.intermediate_size = shapes.size(layer + "0.intermediate_query.dense.weight", 0);
  config.encoder_hidden_size = vision.hidden_size;
  config.cross_attention_frequency = config.num_hidden_layers;
  for (int64_t i = config.num_hidden_layers - 1; i > 0; --i)
    if (shapes.has(fmt::format("{}{}.crossattention.self.query.weight", layer, i))) config.cross_attention_frequency = i;
  config.use_qformer_text_input = shapes.has("Qformer.bert.embeddings.word_embeddings.weight");
  if (!config.use_qformer_text_input) return config;
  config.vocab_size = shapes.size("Qformer.bert.embeddings.word_embeddings.weight", 0);
  config.max_position_embeddings = shapes.size("Qformer.bert.embeddings.position_embeddings.weight", 0);
  return config;
}

KeyTable qformer_keys(Blip2Kind kind) {
  const bool instruct = kind == Blip2Kind::instruct;
  const std::string from = "Qformer.bert.encoder.layer.*.", to = "qformer.encoder.layer.*.";
  KeyTable table;
  table.rules = {{from + "attention.self.**", {to + "attention.attention.**"}},
                 {from + "crossattention.self.**", {to + "crossattention.attention.**"}},
                 {from + "**", {to + "**"}},
                 {"Qformer.bert.embeddings.LayerNorm.*", {instruct ? "qformer.embeddings.layernorm.*" : "qformer.layernorm.*"}},
                 {"Qformer.bert.embeddings.*.weight", {instruct ? "qformer.embeddings.*.weight" : "embeddings.*.weight"}},
                 {"ln_vision.*", {"vision_model.post_layernorm.*"}},
                 {"opt_proj.*", {"language_projection.*"}},
                 {"t5_proj.*", {"language_projection.*"}},
                 {"vision_proj.*", {"vision_projection.*"}},
                 {"text_proj.*", {"text_projection.*"}}};
  table.ignored = {"visual_encoder.**", "Qformer.cls.**", "Qformer.bert.embeddings.position_ids", "temp"};
  if (kind == Blip2Kind::language)
    for (const char* unused : {"vision_proj.*", "text_proj.*", "itm_head.*"}) table.ignored.emplace_back(unused);
  return table;
}

// The directory of the frozen language model: its tensors behind "language_model.", its config as the authors run it.
fs::path add_language(const ConversionSource& source, Blip2Config& config, TensorSet& tensors) {
  const std::string where = source.from.string();
  check(!source.base.empty(), "{}: it lacks its frozen language model: name its directory with --base DIR", where);
  const fs::path directory = find_model(source.base), file = directory / "config.json";
  json object = read_json(file);
  const bool rewrites = object.value("model_type", json()) == "t5";
  if (rewrites) object["dense_act_fn"] = "gelu";
  config.text_config = read_language_config(object, file.string());
  KeyTable names;
  names.rules = {{"**", {"language_model.**"}}};
  tensors.add(read_weights(directory), names);
  const Tokenizer tokenizer = Tokenizer::from_directory(directory);
  const std::vector<std::int32_t> newline = tokenizer.encode("\n", {.add_special_tokens = false}).ids;
  config.eos_token_id = rewrites ? object.value("eos_token_id", json(1)) : json(newline.empty() ? 2 : newline.front());
  config.bos_token_id = rewrites ? 1 : object.value("bos_token_id", json(2)).get<int64_t>();
  const int64_t words = std::visit([](const auto& language) { return language.vocab_size; }, *config.text_config);
  if (tokenizer.largest_id() + 1 < words) config.image_token_index = tokenizer.largest_id() + 1;  // as transformers would number it
  return directory;
}

// Which no tensor tells: EVA's heads are of 88 channels, BERT's of 64.
void set_heads(Blip2Config& config, const ConversionSource& source) {
  const json given = source.config_file ? read_json(*source.config_file) : json::object();
  const auto heads = [&](const char* part, int64_t channels, int64_t width) {
    const json found = given.is_object() ? given.value(part, json()) : json();
    const json count = found.is_object() ? found.value("num_attention_heads", json()) : json();
    const int64_t number = count.is_number_unsigned() ? count.get<int64_t>() : std::max<int64_t>(1, channels / width);
    check(channels % number == 0, "{}: {}.num_attention_heads: expected a part of {} channels, got {}: tell it with --config FILE",
          source.from.string(), part, channels, number);
    return number;
  };
  if (source.vision.empty() || !fs::is_directory(source.vision))
    config.vision_config.num_attention_heads = heads("vision_config", config.vision_config.hidden_size, 88);
  config.qformer_config.num_attention_heads = heads("qformer_config", config.qformer_config.hidden_size, 64);
}

ImageProcessorConfig authors_processor(const Blip2Config& config) {
  return square_image_processor(config.vision_config.image_size);
}

void write_retrieval(const ConversionSource& source, Blip2Config config, const TensorSet& tensors, const fs::path& to) {
  const TensorFile file = tensors.file();
  config.image_text_hidden_size = OriginalShapes(file, source.from.string()).size("vision_projection.weight", 0);
  const auto model = load_model<Blip2Retrieval>(config, file, {}, source.from.string());
  save_model_directory(to, *model, {.config = write_blip2_config(config)}, torch::kFloat32);
  copy_processor(source, to, write_image_processor(authors_processor(config), "Blip"));
  copy_bert_tokenizer(source, to);
}

// In the type that the language model's directory names.
void write_language(const ConversionSource& source, Blip2Config config, TensorSet& tensors, const fs::path& to) {
  const fs::path base = add_language(source, config, tensors);
  const json object = read_json(base / "config.json");
  const json type = object.contains("dtype") ? object["dtype"] : object.value("torch_dtype", json());
  const torch::Dtype dtype = type.is_string() ? dtype_of(type.get<std::string>()) : torch::kFloat32;
  Blip2LanguageCheckpoint checkpoint{
      .model = load_model<Blip2Language>(config, tensors.file(), language_keys(*config.text_config, "language_model."),
                                         source.from.string(), {.dtype = dtype}),
      .tokenizer = Tokenizer::from_directory(base),
      .qformer_tokenizer = {},
      .processor = ImageProcessor(authors_processor(config)),
      .generation = {}};
  checkpoint.generation.eos_token_id = config.eos_token_id;
  save_blip2_language(to, checkpoint, {}, dtype);
  copy_tokenizer(base, to);
  if (config.kind == Blip2Kind::instruct) copy_bert_tokenizer(source, to / "qformer_tokenizer");
}

}  // namespace

bool is_original_blip2(const TensorFile& file) {
  for (const char* prefix : {"model.", "module.", ""})
    if (file.find(std::string(prefix) + first_query) != nullptr) return true;
  return false;
}

void convert_blip2(const ConversionSource& source, const fs::path& to) {
  const std::string where = source.from.string();
  const TensorFile file = original_tensors(source.file).file();
  const OriginalShapes shapes(file, where);
  Blip2Config config;
  TensorSet tensors;
  config.kind = kind_of(shapes, where);
  config.num_query_tokens = shapes.size("query_tokens", 1);
  add_vision(source, file, tensors, config.vision_config);
  config.qformer_config = qformer_config(shapes, config.vision_config);
  tensors.add(file, qformer_keys(config.kind));
  set_heads(config, source);
  if (config.kind == Blip2Kind::retrieval)
    write_retrieval(source, config, tensors, to);
  else
    write_language(source, config, tensors, to);
}

}  // namespace omma
