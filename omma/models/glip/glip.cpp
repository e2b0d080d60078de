#include "omma/models/glip/glip.h"

#include <fmt/format.h>

#include "omma/base/error.h"

namespace omma::glip {
namespace {

void see(const Probe& probe, std::string_view what, const std::vector<Tensor>& maps) {
  if (!probe) return;
  for (std::size_t i = 0; i < maps.size(); ++i) probe(fmt::format("{}.{}", what, i), maps[i]);
}

}  // namespace

ModelImpl::ModelImpl(const Config& config)
    : config_(config),
      backbone_(register_module("backbone", SwinBackbone(config.backbone_config))),
      pyramid_(register_module("pyramid", Pyramid(config))),
      text_backbone_(register_module("text_backbone", BertEncoder(config.text_config))),
      head_(register_module("head", Head(config))) {}

Tensor ModelImpl::encode_text(const Tensor& input_ids) {
  check(input_ids.dim() == 2 && input_ids.size(1) > 0 && input_ids.size(1) <= config_.max_text_len,
        "input_ids: expected [B, T] with 1 to {} tokens, got {}", config_.max_text_len, shape(input_ids));
  const auto [least, most] = input_ids.aminmax();
  check(least.item<int64_t>() >= 0 && most.item<int64_t>() < config_.text_config.vocab_size,
        "input_ids: expected 0 to {}, got {} to {}", config_.text_config.vocab_size - 1, least.item<int64_t>(),
        most.item<int64_t>());
  const int64_t batch = input_ids.size(0), tokens = input_ids.size(1);
  const Tensor all = torch::ones({batch, tokens, tokens}, input_ids.options().dtype(torch::kBool));
  const Tensor positions = torch::arange(tokens, input_ids.options()).expand({batch, tokens});
  return text_backbone_(BertEncoderImpl::Input{input_ids, all, positions});
}

std::vector<Tensor> ModelImpl::encode_image(const Tensor& pixel_values, const Probe& probe) {
  const auto fits = [&](int64_t side) { return side > 0 && side % config_.size_divisor == 0; };
  check(pixel_values.dim() == 4 && pixel_values.size(1) == 3 && fits(pixel_values.size(2)) && fits(pixel_values.size(3)),
        "pixel_values: expected [B, 3, H, W] with multiples of {}, got {}", config_.size_divisor, shape(pixel_values));
  const std::vector<Tensor> maps = backbone_(pixel_values.to(parameters().front().scalar_type()));
  see(probe, "backbone", maps);
  std::vector<Tensor> pyramid = pyramid_(maps);
  see(probe, "fpn", pyramid);
  return pyramid;
}

std::vector<LevelOutput> ModelImpl::forward(const std::vector<Tensor>& maps, const Tensor& text, const Probe& probe) {
  if (probe) probe("text", text);
  return head_(maps, text, probe);
}

}  // namespace omma::glip
