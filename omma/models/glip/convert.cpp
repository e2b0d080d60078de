#include "omma/models/glip/convert.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "omma/base/error.h"
#include "omma/io/yaml.h"
#include "omma/models/glip/glip.h"
#include "omma/models/glip/key_table.h"
#include "omma/models/glip/processor.h"
#include "omma/nn/model_directory.h"

namespace omma::glip {
namespace fs = std::filesystem;
namespace {

// Reads the model's size off its tensors.
class Shapes {
 public:
  Shapes(const TensorFile& file, const std::string& prefix, const std::string& where)
      : file_(file), prefix_(prefix), where_(where) {}

  bool has(const std::string& name) const { return file_.find(prefix_ + name) != nullptr; }
  int64_t size(const std::string& name, std::size_t dimension) const {
    const TensorView* view = file_.find(prefix_ + name);
    check(view != nullptr && view->shape.size() > dimension, "{}: tensor \"{}{}\" is missing", where_, prefix_, name);
    return view->shape[dimension];
  }
  // How many of BEFORE0AFTER, BEFORE1AFTER, ... there are.
  int64_t count(const std::string& before, const std::string& after) const {
    int64_t n = 0;
    while (has(fmt::format("{}{}{}", before, n, after))) ++n;
    return n;
  }

 private:
  const TensorFile& file_;
  const std::string& prefix_;
  const std::string& where_;
};

SwinConfig swin_of(const Shapes& shapes) {
  const std::string body = "backbone.body.";
  SwinConfig swin;
  swin.embed_dim = shapes.size(body + "patch_embed.proj.weight", 0);
  swin.depths.clear();
  swin.num_heads.clear();
  for (int64_t stage = 0; stage < 4; ++stage) {
    const std::string blocks = fmt::format("{}layers.{}.blocks.", body, stage);
    swin.depths.push_back(shapes.count(blocks, ".attn.relative_position_bias_table"));
    swin.num_heads.push_back(shapes.size(blocks + "0.attn.relative_position_bias_table", 1));
  }
  // The table has a row for each offset between places of a window: (2 w - 1)^2.
  const auto offsets = static_cast<double>(shapes.size(body + "layers.0.blocks.0.attn.relative_position_bias_table", 0));
  swin.window_size = (std::lround(std::sqrt(offsets)) + 1) / 2;
  swin.mlp_ratio = static_cast<double>(shapes.size(body + "layers.0.blocks.0.mlp.fc1.weight", 0)) /
                   static_cast<double>(std::max<int64_t>(swin.embed_dim, 1));
  return swin;
}

BertConfig bert_of(const Shapes& shapes) {
  const std::string model = "language_backbone.body.model.";
  BertConfig bert;
  bert.vocab_size = shapes.size(model + "embeddings.word_embeddings.weight", 0);
  bert.hidden_size = shapes.size(model + "embeddings.word_embeddings.weight", 1);
  bert.max_position_embeddings = shapes.size(model + "embeddings.position_embeddings.weight", 0);
  bert.num_hidden_layers = shapes.count(model + "encoder.layer.", ".attention.self.query.weight");
  bert.intermediate_size = shapes.size(model + "encoder.layer.0.intermediate.dense.weight", 0);
  bert.num_attention_heads = std::max<int64_t>(1, bert.hidden_size / 64);
  return bert;
}

// Their file keeps the square of each level, [1, 4], first and last pixels.
std::vector<int64_t> anchors_of(const TensorFile& file, const std::string& prefix, std::vector<int64_t> otherwise) {
  for (std::size_t level = 0; level < otherwise.size(); ++level) {
    const TensorView* view = file.find(fmt::format("{}rpn.anchor_generator.cell_anchors.{}", prefix, level));
    if (view == nullptr || view->shape != std::vector<int64_t>{1, 4} || view->bytes.empty()) continue;
    const Tensor square = to_tensor(*view).to(torch::kFloat64);
    const double side = (square[0][2] - square[0][0]).item<double>() + 1;
    if (side >= 1 && side <= 65536) otherwise[level] = std::lround(side);
  }
  return otherwise;
}

}  // namespace

Config config_of(const TensorFile& file, const std::string& prefix, const std::string& where) {
  const Shapes shapes(file, prefix, where);
  Config config;
  config.backbone_config = swin_of(shapes);
  config.text_config = bert_of(shapes);
  config.d_model = shapes.size("rpn.head.bbox_pred.weight", 1);
  const std::string tower = "rpn.head.dyhead_tower.";
  config.fusion = shapes.has(tower + "0.b_attn.gamma_v");
  if (config.fusion) config.fusion_inner_dim = shapes.size(tower + "0.b_attn.attn.v_proj.weight", 0);
  config.head_layers = 0;
  const int64_t step = config.fusion ? 3 : 1;  // parts of a layer
  while (shapes.has(fmt::format("{}{}.offset.weight", tower, step * (config.head_layers + 1) - 1))) ++config.head_layers;
  config.max_text_len = std::min(config.max_text_len, config.text_config.max_position_embeddings);
  config.anchor_sizes = anchors_of(file, prefix, config.anchor_sizes);
  return read_model_config(write_config(config), where);  // whether that is a model at all
}

void convert(const ConversionSource& source, const fs::path& to) {
  const std::string where = source.from.string();
  const std::optional<std::string> prefix = original_prefix(source.file);
  check(prefix || source.config_file, "{}: no GLIP of its authors", where);
  AuthorsSettings settings{.config = {}, .processor = default_processor()};
  if (!source.config_file)
    settings.config = config_of(source.file, *prefix, where);
  else
    settings.config = read_model_config(read_json(*source.config_file), source.config_file->string());
  if (source.settings_file)
    settings = with_authors_settings(settings, read_yaml(*source.settings_file), source.settings_file->string());
  const KeyTable keys = prefix ? original_keys(settings.config, *prefix) : KeyTable();
  const auto model = load_model<Model>(settings.config, source.file, keys, where);
  json config = write_config(settings.config);
  config["architectures"] = {"GlipForObjectDetection"};
  save_model_directory(to, *model, {.config = config}, torch::kFloat32);
  copy_processor(source, to, write_image_processor(settings.processor, "Glip"));
  copy_bert_tokenizer(source, to);
}

}  // namespace omma::glip
