#include "omma/models/glip/authors_config.h"

#include <fmt/ranges.h>

#include <charconv>
#include <cmath>
#include <optional>
#include <type_traits>
#include <vector>

#include "omma/base/error.h"

namespace omma::glip {
namespace {

// "(64, 128)", Python's, which YAML takes for a text; "[64, 128]" and "64" as lists, too.
std::vector<std::string> texts_of(const json& value) {
  std::vector<std::string> texts;
  if (value.is_array()) {
    for (const json& item : value) texts.push_back(item.is_string() ? item.get<std::string>() : dump_json(item));
    return texts;
  }
  std::string text;
  for (const char c : value.is_string() ? value.get<std::string>() : dump_json(value)) {
    if (c == ',') {
      if (!text.empty()) texts.push_back(std::move(text));
      text.clear();
    } else if (c != '(' && c != ')' && c != ' ') {
      text += c;
    }
  }
  if (!text.empty()) texts.push_back(text);
  return texts;
}

class Settings {
 public:
  Settings(const json& yaml, const std::string& where) : yaml_(yaml), faults_(where) {}

  // One of the texts, where it is set at all.
  void expect(const std::string& path, const std::vector<std::string>& expected) {
    const json* value = find(path);
    if (value == nullptr) return;
    faults_.expect(texts_of(*value) == expected, "{}: expected {}, which is all that omma has of GLIP, got {}", path,
                   fmt::join(expected, ", "), dump_json(*value));
  }

  // The tensors' own.
  template <class Number>
  void expect_same(const std::string& path, const std::vector<Number>& told) {
    if (const auto numbers = find_numbers(path); numbers && *numbers != std::vector<double>(told.begin(), told.end()))
      faults_.add("{}: the checkpoint's tensors say {}, the file {}", path, fmt::join(told, ", "), fmt::join(*numbers, ", "));
  }

  template <class Number>
  void read(const std::string& path, Number& value) {
    const auto numbers = find_numbers(path);
    if (!numbers) return;
    faults_.expect(numbers->size() == 1, "{}: expected one number, got {}", path, numbers->size());
    if (numbers->size() == 1) value = number_of<Number>(path, numbers->front());
  }

  template <class Number>
  void read(const std::string& path, std::vector<Number>& values) {
    const auto numbers = find_numbers(path);
    if (!numbers) return;
    values.clear();
    for (const double number : *numbers) values.push_back(number_of<Number>(path, number));
  }

  void raise() const { faults_.raise(); }

 private:
  template <class Number>
  Number number_of(const std::string& path, double number) {
    faults_.expect(!std::is_integral_v<Number> || number == std::trunc(number), "{}: expected a whole number, got {}", path,
                   number);
    return static_cast<Number>(number);
  }

  const json* find(const std::string& path) const {
    const json* node = &yaml_;
    for (std::size_t begin = 0; begin <= path.size();) {
      const std::size_t end = std::min(path.find('.', begin), path.size());
      const auto found = node->is_object() ? node->find(path.substr(begin, end - begin)) : node->end();
      if (!node->is_object() || found == node->end()) return nullptr;
      node = &*found;
      begin = end + 1;
    }
    return node;
  }

  // Finite ones of at most nine digits; others are faults.
  std::optional<std::vector<double>> find_numbers(const std::string& path) {
    const json* value = find(path);
    if (value == nullptr) return std::nullopt;
    std::vector<double> numbers;
    for (const std::string& text : texts_of(*value)) {
      double number = 0;
      const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
      if (error != std::errc() || end != text.data() + text.size() || !(number >= -1e9 && number <= 1e9)) {
        faults_.add("{}: expected numbers, got {}", path, dump_json(*value));
        return std::nullopt;
      }
      numbers.push_back(number);
    }
    return numbers;
  }

  const json& yaml_;
  Faults faults_;
};

// What their program can be told, and omma's model has not.
void expect_glip(Settings& settings, const Config& config) {
  settings.expect("MODEL.META_ARCHITECTURE", {"GeneralizedVLRCNN"});
  settings.expect("MODEL.RPN_ARCHITECTURE", {"VLDYHEAD"});
  settings.expect("MODEL.BACKBONE.CONV_BODY", {"SWINT-FPN-RETINANET"});
  settings.expect("MODEL.SWINT.VERSION", {"v1"});
  settings.expect("MODEL.LANGUAGE_BACKBONE.MODEL_TYPE", {"bert-base-uncased"});
  settings.expect("MODEL.LANGUAGE_BACKBONE.N_LAYERS", {"1"});
  settings.expect("MODEL.RPN.ANCHOR_STRIDE", {"8", "16", "32", "64", "128"});
  settings.expect("MODEL.RPN.ASPECT_RATIOS", {"1.0"});
  settings.expect("MODEL.RPN.SCALES_PER_OCTAVE", {"1"});
  settings.expect("MODEL.DYHEAD.SCORE_AGG", {"MEAN"});
  for (const char* used : {"USE_GN", "USE_DYRELU", "USE_DFCONV", "USE_DYFUSE", "FUSE_CONFIG.USE_DOT_PRODUCT_TOKEN_LOSS"})
    settings.expect(std::string("MODEL.DYHEAD.") + used, {"True"});
  for (const char* fused : {"EARLY_FUSE_ON", "USE_FUSED_FEATURES_DOT_PRODUCT"})
    settings.expect(std::string("MODEL.DYHEAD.FUSE_CONFIG.") + fused, {config.fusion ? "True" : "False"});
  if (config.fusion) settings.expect("MODEL.DYHEAD.FUSE_CONFIG.TYPE", {"MHA-B"});
  settings.expect("INPUT.TO_BGR255", {"True"});
}

void expect_sizes(Settings& settings, const Config& config) {
  const auto one = [](int64_t number) { return std::vector{number}; };
  const SwinConfig& swin = config.backbone_config;
  settings.expect_same("MODEL.SWINT.EMBED_DIM", one(swin.embed_dim));
  settings.expect_same("MODEL.SWINT.DEPTHS", swin.depths);
  settings.expect_same("MODEL.SWINT.NUM_HEADS", swin.num_heads);
  settings.expect_same("MODEL.SWINT.WINDOW_SIZE", one(swin.window_size));
  settings.expect_same("MODEL.BACKBONE.OUT_CHANNELS", one(config.d_model));
  settings.expect_same("MODEL.DYHEAD.CHANNELS", one(config.d_model));
  settings.expect_same("MODEL.DYHEAD.NUM_CONVS", one(config.head_layers));
}

void read_processor(Settings& settings, ImageProcessorConfig& processor) {
  const auto reversed = [](std::vector<double> of_bgr) { return std::vector<double>(of_bgr.rbegin(), of_bgr.rend()); };
  std::vector<double> mean = reversed(processor.image_mean), deviation = reversed(processor.image_std);
  settings.read("INPUT.PIXEL_MEAN", mean);
  settings.read("INPUT.PIXEL_STD", deviation);
  processor.image_mean = reversed(mean);
  processor.image_std = reversed(deviation);
  settings.read("INPUT.MIN_SIZE_TEST", *processor.shortest_edge);
  settings.read("INPUT.MAX_SIZE_TEST", *processor.longest_edge);
}

}  // namespace

AuthorsSettings with_authors_settings(AuthorsSettings settings, const json& yaml, const std::string& where) {
  check(yaml.is_object(), "{}: expected the settings of GLIP's authors, got {}", where, yaml.type_name());
  Settings file(yaml, where);
  Config& config = settings.config;
  expect_glip(file, config);
  expect_sizes(file, config);
  file.read("MODEL.LANGUAGE_BACKBONE.MAX_QUERY_LEN", config.max_text_len);
  file.read("MODEL.GROUP_NORM.NUM_GROUPS", config.norm_groups);
  file.read("MODEL.RPN.ANCHOR_SIZES", config.anchor_sizes);
  file.read("MODEL.ATSS.INFERENCE_TH", config.score_threshold);
  file.read("MODEL.ATSS.PRE_NMS_TOP_N", config.pre_nms_top_n);
  file.read("MODEL.ATSS.NMS_TH", config.nms_threshold);
  file.read("MODEL.ATSS.DETECTIONS_PER_IMG", config.detections_per_image);
  file.read("DATALOADER.SIZE_DIVISIBILITY", config.size_divisor);
  read_processor(file, settings.processor);
  file.raise();
  settings.config = read_model_config(write_config(config), where);  // whether its numbers are in range
  settings.processor = read_config<ImageProcessorConfig>(write_config(settings.processor), where);
  return settings;
}

}  // namespace omma::glip
