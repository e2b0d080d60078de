#include "omma/models/blip2/convert.h"

#include <fmt/format.h>

#include <algorithm>
#include <iterator>

#include "omma/base/error.h"
#include "omma/models/blip2/convert_language.h"
#include "omma/models/blip2/convert_vision.h"
#include "omma/models/blip2/matcher.h"
#include "omma/models/blip2/speaker.h"
#include "omma/models/original_shapes.h"
#include "omma/models/tensor_set.h"
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

// What projects queries into each language model's embeddings, and the model_type of that.
struct Projection {
  const char* name;
  const char* language;
};
constexpr Projection projections[] = {{"opt_proj", "opt"}, {"t5_proj", "t5"}, {"llm_proj", "llama"}};

// Null: it has none.
const Projection* projection_of(const OriginalShapes& shapes) {
  const auto found =
      std::ranges::find_if(projections, [&](const Projection& known) { return shapes.has(std::string(known.name) + ".weight"); });
  return found == std::end(projections) ? nullptr : found;
}

Blip2Kind kind_of(const OriginalShapes& shapes) {
  if (projection_of(shapes) == nullptr) return Blip2Kind::retrieval;
  return shapes.has("Qformer.bert.embeddings.word_embeddings.weight") ? Blip2Kind::instruct : Blip2Kind::language;
}

QFormerConfig qformer_config(const OriginalShapes& shapes, const Blip2VisionConfig& vision) {
  const std::string layer = "Qformer.bert.encoder.layer.";
  QFormerConfig config;
  config.hidden_size = shapes.size("query_tokens", 2);
  config.num_hidden_layers = shapes.count(layer, ".attention.self.query.weight");
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
                 {"vision_proj.*", {"vision_projection.*"}},
                 {"text_proj.*", {"text_projection.*"}}};
  for (const Projection& known : projections) table.rules.push_back({std::string(known.name) + ".*", {"language_projection.*"}});
  table.ignored = {"visual_encoder.**", "Qformer.cls.**", "Qformer.bert.embeddings.position_ids", "temp"};
  if (kind == Blip2Kind::language)
    for (const char* unused : {"vision_proj.*", "text_proj.*", "itm_head.*"}) table.ignored.emplace_back(unused);
  return table;
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
void write_language(const ConversionSource& source, const std::string& model_type, Blip2Config config, TensorSet& tensors,
                    const fs::path& to) {
  const FrozenLanguage language = add_blip2_language(source, model_type, tensors, config);
  const json object = read_json(language.directory / "config.json");
  const json type = object.contains("dtype") ? object["dtype"] : object.value("torch_dtype", json());
  const torch::Dtype dtype = type.is_string() ? dtype_of(type.get<std::string>()) : torch::kFloat32;
  Blip2LanguageCheckpoint checkpoint{
      .model = load_model<Blip2Language>(config, tensors.file(), language_keys(*config.text_config, "language_model."),
                                         source.from.string(), {.dtype = dtype}),
      .tokenizer = Tokenizer::from_directory(language.directory),
      .qformer_tokenizer = {},
      .processor = ImageProcessor(authors_processor(config)),
      .generation = {}};
  checkpoint.generation.eos_token_id = config.eos_token_id;
  save_blip2_language(to, checkpoint,
                      {.tokenizer = language.tokenizer, .tokenizer_config = language.tokenizer_config, .qformer_tokenizer = {}},
                      dtype);
  if (language.tokenizer.is_null()) copy_tokenizer(language.directory, to);
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
  config.kind = kind_of(shapes);
  config.num_query_tokens = shapes.size("query_tokens", 1);
  add_blip2_vision(source, file, tensors, config.vision_config);
  config.qformer_config = qformer_config(shapes, config.vision_config);
  tensors.add(file, qformer_keys(config.kind));
  config.qformer_config.num_attention_heads = blip2_heads(source, "qformer_config", config.qformer_config.hidden_size, 64);
  if (config.kind == Blip2Kind::retrieval)
    write_retrieval(source, config, tensors, to);
  else
    write_language(source, projection_of(shapes)->language, config, tensors, to);
}

}  // namespace omma
