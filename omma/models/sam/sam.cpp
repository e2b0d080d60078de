#include "omma/models/sam/sam.h"

#include "omma/base/error.h"

namespace omma::sam {
namespace {

DecodedMasks in_float(const DecodedMasks& masks) {
  return {.logits = masks.logits.to(torch::kFloat32), .iou = masks.iou.to(torch::kFloat32)};
}

}  // namespace

ModelImpl::ModelImpl(const Config& config)
    : shared_image_embedding(register_module("shared_image_embedding", PositionalEncoding(config.frequencies()))),
      prompt_encoder(register_module("prompt_encoder", PromptEncoder(config.prompt_encoder_config))),
      mask_decoder(register_module("mask_decoder", MaskDecoder(config.mask_decoder_config))),
      config_(config) {
  if (config.tiny_vit)
    tiny_vit_ = register_module("vision_encoder", TinyVit(*config.tiny_vit));
  else
    vit_ = register_module("vision_encoder", VitEncoder(config.vision_config));
}

torch::nn::Module& ModelImpl::vision_encoder() {
  return tiny_vit_ ? static_cast<torch::nn::Module&>(*tiny_vit_) : static_cast<torch::nn::Module&>(*vit_);
}

void ModelImpl::expect_pixels(const Tensor& pixels) const {
  const int64_t side = config_.image_size();
  check(pixels.dim() == 4 && pixels.size(1) == 3 && pixels.size(2) == side && pixels.size(3) == side,
        "sam: pixels: expected [B, 3, {}, {}], got {}", side, side, shape(pixels));
}

Tensor ModelImpl::encode_patches(const Tensor& pixels, const Tensor& seen) {
  check(static_cast<bool>(vit_), "sam: encode_patches: TinyViT has no patches that stand alone");
  expect_pixels(pixels);
  return vit_->encode_patches(pixels, seen);
}

Tensor ModelImpl::encode_image(const Tensor& pixels) {
  expect_pixels(pixels);
  return tiny_vit_ ? tiny_vit_(pixels) : vit_(pixels);
}

void ModelImpl::expect_embedding(const Tensor& embedding) const {
  const int64_t grid = config_.grid();
  check(embedding.dim() == 4 && embedding.size(1) == config_.channels() && embedding.size(2) == grid && embedding.size(3) == grid,
        "sam: embedding: expected [1 or P, {}, {}, {}], got {}", config_.channels(), grid, grid, shape(embedding));
}

Tensor ModelImpl::positions(torch::Dtype dtype) { return shared_image_embedding->grid(config_.grid()).unsqueeze(0).to(dtype); }

DecoderImage ModelImpl::prepare(const Tensor& embedding) {
  expect_embedding(embedding);
  const auto dtype = embedding.scalar_type();
  return mask_decoder->prepare(embedding + prompt_encoder->no_mask().to(dtype), positions(dtype), /*kept=*/true);
}

DecodedMasks ModelImpl::decode(const DecoderImage& image, const Prompts& prompts) {
  check(!prompts.masks.defined(), "sam: a prepared picture takes no masks");
  return in_float(mask_decoder(image, prompt_encoder(prompts, shared_image_embedding).sparse));
}

DecodedMasks ModelImpl::forward(const Tensor& embedding, const Prompts& prompts) {
  expect_embedding(embedding);
  const PromptEmbedding embedded = prompt_encoder(prompts, shared_image_embedding);
  const auto dtype = embedding.scalar_type();
  const Tensor image = embedding + embedded.dense.to(dtype);
  return in_float(mask_decoder(mask_decoder->prepare(image, positions(dtype), /*kept=*/false), embedded.sparse));
}

void ModelImpl::init_weights() {
  const torch::NoGradGuard no_grad;
  if (tiny_vit_) tiny_vit_->init_weights();
  if (vit_) vit_->init_weights();
  prompt_encoder->init_weights();
  mask_decoder->init_weights();
}

void set_dtype(ModelImpl& model, torch::Dtype dtype) {
  model.vision_encoder().to(dtype);
  model.mask_decoder->to(dtype);
}

}  // namespace omma::sam
