#include "omma/models/sam/tiny_vit_keys.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <cmath>
#include <string>
#include <string_view>
#include <utility>

#include "omma/base/error.h"

namespace omma::sam {
namespace {

constexpr std::string_view authors_encoder = "image_encoder.", our_encoder = "vision_encoder.";

void add_rule(KeyTable& table, std::string_view from, std::string_view to) {
  table.rules.push_back({fmt::format("{}{}", authors_encoder, from), {fmt::format("{}{}", our_encoder, to)}});
}

void add_conv_norm(KeyTable& table, std::string_view from, std::string_view to) {
  add_rule(table, fmt::format("{}.c.*", from), fmt::format("{}.convolution.*", to));
  add_rule(table, fmt::format("{}.bn.*", from), fmt::format("{}.normalization.*", to));
}

// The length of an axis of a tensor of theirs.
int64_t length_of(const TensorFile& file, const std::string& name, std::size_t axis) {
  const TensorView* tensor = file.find(fmt::format("{}{}", authors_encoder, name));
  check(tensor != nullptr, "expected MobileSAM's picture encoder with a tensor \"{}{}\", found none", authors_encoder, name);
  check(tensor->shape.size() > axis && tensor->shape[axis] > 0, "tensor \"{}{}\": expected at least {} axes, none empty, got [{}]",
        authors_encoder, name, axis + 1, fmt::join(tensor->shape, ", "));
  return tensor->shape[axis];
}

// Which, times `channels` and rounded down, is `inner`.
double ratio_of(int64_t inner, int64_t channels) {
  const double ratio = static_cast<double>(inner) / static_cast<double>(channels);
  return static_cast<int64_t>(ratio * static_cast<double>(channels)) == inner ? ratio : std::nextafter(ratio, HUGE_VAL);
}

}  // namespace

void add_tiny_vit_keys(KeyTable& table) {
  // A classifier's, which MobileSAM's file still holds; and what the module computes, which some copies of the code save.
  for (const char* name : {"norm_head.*", "head.*", "layers.*.blocks.*.attn.attention_bias_idxs", "layers.*.blocks.*.attn.ab"})
    table.ignored.push_back(fmt::format("{}{}", authors_encoder, name));
  add_conv_norm(table, "patch_embed.seq.0", "patch_embed.conv1");
  add_conv_norm(table, "patch_embed.seq.2", "patch_embed.conv2");
  for (const char* name : {"conv1", "conv2", "conv3"}) {
    add_conv_norm(table, fmt::format("layers.*.blocks.*.{}", name), fmt::format("stages.*.blocks.*.{}", name));
    add_conv_norm(table, fmt::format("layers.*.downsample.{}", name), fmt::format("stages.*.downsample.{}", name));
  }
  add_conv_norm(table, "layers.*.blocks.*.local_conv", "stages.*.blocks.*.local_conv");
  for (const auto& [from, to] : {std::pair("attn.norm.*", "layer_norm1.*"),
                                 {"attn.**", "attn.**"},
                                 {"mlp.norm.*", "layer_norm2.*"},
                                 {"mlp.fc1.*", "mlp.lin1.*"},
                                 {"mlp.fc2.*", "mlp.lin2.*"}})
    add_rule(table, fmt::format("layers.*.blocks.*.{}", from), fmt::format("stages.*.blocks.*.{}", to));
  for (const auto& [from, to] : {std::pair("0", "conv1"), {"1", "layer_norm1"}, {"2", "conv2"}, {"3", "layer_norm2"}})
    add_rule(table, fmt::format("neck.{}.*", from), fmt::format("neck.{}.*", to));
}

bool has_tiny_vit(const TensorFile& file) {
  return file.find(fmt::format("{}patch_embed.seq.0.c.weight", authors_encoder)) != nullptr;
}

TinyVitConfig tiny_vit_config_of(const TensorFile& file) {
  TinyVitConfig config;
  const int64_t first = length_of(file, "patch_embed.seq.2.c.weight", 0);
  config.embed_dims = {first};
  config.depths.clear();
  config.num_heads.resize(1);
  config.window_sizes.resize(1);
  const auto block_count = [&](std::size_t stage, const char* tensor) {
    int64_t count = 0;
    while (file.find(fmt::format("{}layers.{}.blocks.{}.{}", authors_encoder, stage, count, tensor)) != nullptr) ++count;
    return count;
  };
  config.depths.push_back(block_count(0, "conv1.c.weight"));
  config.mbconv_expand_ratio = ratio_of(length_of(file, "layers.0.blocks.0.conv1.c.weight", 0), first);
  for (std::size_t stage = 1; block_count(stage, "attn.attention_biases") > 0; ++stage) {
    const std::string block = fmt::format("layers.{}.blocks.0.", stage);
    const int64_t channels = length_of(file, block + "attn.proj.weight", 0);
    config.embed_dims.push_back(channels);
    config.depths.push_back(block_count(stage, "attn.attention_biases"));
    config.num_heads.push_back(length_of(file, block + "attn.attention_biases", 0));
    config.window_sizes.push_back(std::lround(std::sqrt(length_of(file, block + "attn.attention_biases", 1))));
    config.local_conv_size = length_of(file, block + "local_conv.c.weight", 2);
    config.mlp_ratio = ratio_of(length_of(file, block + "mlp.fc1.weight", 0), channels);
  }
  config.downsample_strides.assign(config.stages() - 1, 2);
  if (!config.downsample_strides.empty()) config.downsample_strides.back() = 1;
  config.output_channels = length_of(file, "neck.0.weight", 0);
  return read_config<TinyVitConfig>(write_config(config), "MobileSAM's picture encoder");
}

}  // namespace omma::sam
