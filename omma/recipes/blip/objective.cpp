#include "omma/recipes/blip/objective.h"

#include <algorithm>

#include "omma/base/error.h"
#include "omma/base/rng.h"
#include "omma/losses/contrastive.h"

namespace omma {
namespace {

constexpr std::uint64_t kTextStream = 0x6e65677478740000ULL, kImageStream = 0x6e6567696d670000ULL,
                        kWrongStream = 0x77726f6e67000000ULL;

// What the momentum copy has of its own: the unimodal encoders and their projections.
bool is_followed(const std::string& name) {
  return name.find("crossattention") == std::string::npos && !name.starts_with("itm_head") && !name.starts_with("text_decoder");
}

Tensor equal_pictures(const Tensor& rows, const Tensor& columns) { return rows.unsqueeze(1) == columns.unsqueeze(0); }

}  // namespace

BlipObjectiveImpl::BlipObjectiveImpl(Blip trained, const BlipObjectiveConfig& config, std::uint64_t seed, Collective* collective)
    : model(register_module("model", std::move(trained))), config_(config), seed_(seed), collective_(collective) {
  const BlipParts parts = model->config().parts();
  check(parts.heads || (config.itc == 0 && config.itm == 0),
        "objective: itc and itm need a model with encoder and heads; \"architectures\" has none: {}",
        model->config().architectures.front());
  check(parts.decoder || config.lm == 0, "objective: lm needs a model with a decoder; \"architectures\" has none: {}",
        model->config().architectures.front());
  if (parts.heads) temperature_ = register_parameter("temperature", torch::full({}, config.temperature));
  if (config.itc > 0) make_momentum_copy();
}

void BlipObjectiveImpl::make_momentum_copy() {
  BlipConfig copy = model->config();
  copy.architectures = {"BlipForImageTextRetrieval"};
  momentum_ = Blip(copy);
  const auto own = momentum_->named_parameters();
  const torch::NoGradGuard no_grad;
  for (const auto& parameter : model->named_parameters()) {
    if (!is_followed(parameter.key())) continue;
    Tensor follower = own[parameter.key()];
    follower.copy_(parameter.value());
    follower.set_requires_grad(false);
    std::string name = "momentum." + parameter.key();
    std::ranges::replace(name, '.', '/');  // a buffer's name has no dots
    register_buffer(name, follower);
    followed_.push_back(parameter.value());
    followers_.push_back(follower);
  }
  momentum_->eval();
  const int64_t entries = config_.queue, channels = model->config().image_text_hidden_size;
  image_queue_ = register_buffer("image_queue", torch::nn::functional::normalize(torch::randn({entries, channels})));
  text_queue_ = register_buffer("text_queue", torch::nn::functional::normalize(torch::randn({entries, channels})));
  picture_queue_ = register_buffer("picture_queue", torch::full({entries}, -100, torch::kLong));
  queue_place_ = register_buffer("queue_place", torch::zeros({1}, torch::kLong));
}

void BlipObjectiveImpl::move_momentum_copy() {
  const torch::NoGradGuard no_grad;
  torch::_foreach_lerp_(followers_, followed_, 1 - config_.momentum);
}

BlipObjectiveImpl::Keys BlipObjectiveImpl::keys(const BlipBatch& batch) {
  const torch::NoGradGuard no_grad;
  move_momentum_copy();
  Keys keys;
  keys.image = momentum_->embed_image(momentum_->vision_model(batch.pixels)).to(torch::kFloat32);
  keys.text = momentum_->embed_text(batch.input_ids, batch.mask).to(torch::kFloat32);
  keys.all_image = torch::cat({gathered(keys.image), image_queue_});
  keys.all_text = torch::cat({gathered(keys.text), text_queue_});
  if (config_.identity_targets)
    keys.positives = equal_pictures(batch.pictures, torch::cat({gathered(batch.pictures), picture_queue_}));
  else
    keys.positives = torch::constant_pad_nd(own_columns(keys.image.size(0)), {0, image_queue_.size(0)});
  keys.positives = keys.positives.to(torch::kFloat32);
  return keys;
}

void BlipObjectiveImpl::enqueue(const Keys& keys, const Tensor& pictures) {
  const torch::NoGradGuard no_grad;
  const int64_t rows = pictures.size(0), entries = image_queue_.size(0);
  if (entries == 0) return;
  check(entries % rows == 0, "objective.queue: expected a multiple of the batch of {}, got {}", rows, entries);
  const int64_t place = queue_place_.item<int64_t>();
  image_queue_.narrow(0, place, rows).copy_(keys.all_image.narrow(0, 0, rows));
  text_queue_.narrow(0, place, rows).copy_(keys.all_text.narrow(0, 0, rows));
  picture_queue_.narrow(0, place, rows).copy_(pictures);
  queue_place_.fill_((place + rows) % entries);
}

Tensor BlipObjectiveImpl::contrast(const BlipBatch& batch, const Tensor& image, const Tensor& text, double alpha) {
  const Keys keys = this->keys(batch);
  const auto logits = [&](const Tensor& rows, const Tensor& columns) { return torch::matmul(rows, columns.t()) / temperature_; };
  const auto targets = [&](const Tensor& rows, const Tensor& columns) {
    return soft_targets(logits(rows, columns).detach(), keys.positives, alpha);
  };
  const Tensor loss = soft_cross_entropy(logits(image, keys.all_text), targets(keys.image, keys.all_text)) +
                      soft_cross_entropy(logits(text, keys.all_image), targets(keys.text, keys.all_image));
  enqueue(keys, gathered(batch.pictures));
  return loss / 2;
}

Tensor BlipObjectiveImpl::own_columns(int64_t rows) const {
  const int64_t ranks = collective_ == nullptr ? 1 : collective_->size(), rank = collective_ == nullptr ? 0 : collective_->rank();
  return torch::eye(ranks * rows, torch::TensorOptions(torch::kBool).device(temperature_.device())).narrow(0, rank * rows, rows);
}

BlipBatch BlipObjectiveImpl::candidate_texts(const BlipBatch& batch) const {
  BlipBatch all;
  const int64_t tokens = batch.input_ids.size(1);
  const int64_t most =
      collective_ == nullptr ? tokens : collective_->gather(torch::tensor({tokens}, torch::kLong)).max().item<int64_t>();
  const auto padded = [&](const Tensor& rows, int64_t value) { return torch::constant_pad_nd(rows, {0, most - tokens}, value); };
  const auto ids = [&](const Tensor& rows) { return padded(rows, model->config().text_config.pad_token_id); };
  const auto mask = [&](const Tensor& rows) {
    return padded((rows.defined() ? rows : torch::ones_like(batch.input_ids, torch::kBool)).to(torch::kUInt8), 0);
  };
  all.input_ids = gathered(ids(batch.input_ids));
  if (batch.mask.defined() || collective_ != nullptr) all.mask = gathered(mask(batch.mask));
  if (batch.wrong_ids.defined()) {
    all.input_ids = torch::cat({all.input_ids, ids(batch.wrong_ids)});
    if (all.mask.defined()) all.mask = torch::cat({all.mask, mask(batch.wrong_mask)});
  }
  if (all.mask.defined()) all.mask = all.mask.to(torch::kBool);
  return all;
}

std::vector<double> BlipObjectiveImpl::drawn(const BlipBatch& batch, std::uint64_t stream) const {
  std::vector<double> numbers;
  for (int64_t i = 0; i < batch.input_ids.size(0); ++i)
    numbers.push_back(Rng(seed_ ^ stream, batch.number + static_cast<std::uint64_t>(i)).uniform());
  return numbers;
}

// For each row of similarity [B, W B] the column of another pair, drawn by the row's softmax, or evenly.
Tensor BlipObjectiveImpl::negatives(const Tensor& similarity, const BlipBatch& batch, const Tensor& all_pictures,
                                    std::uint64_t stream) const {
  const torch::NoGradGuard no_grad;
  const int64_t rows = similarity.size(0);
  Tensor weights = config_.negatives == "hard" ? torch::softmax(similarity, 1) + 1e-4 : torch::ones_like(similarity);
  const Tensor same = config_.identity_targets ? equal_pictures(batch.pictures, all_pictures) : own_columns(rows);
  weights = weights.masked_fill(same, 0);
  return draw_columns(weights, torch::tensor(drawn(batch, stream), torch::kDouble).to(weights.device()));
}

Tensor BlipObjectiveImpl::matching(const BlipBatch& batch, const Tensor& features, const Tensor& image, const Tensor& text) {
  const BlipBatch all = candidate_texts(batch);
  const Tensor all_pictures = gathered(batch.pictures);
  const auto similarity = [&](const Tensor& rows, const Tensor& columns) {
    return (torch::matmul(rows, gathered(columns.detach()).t()) / temperature_).detach();  // [B, W B]
  };
  Tensor other_text = negatives(similarity(image, text), batch, all_pictures, kTextStream);
  Tensor other_image = negatives(similarity(text, image), batch, all_pictures, kImageStream);
  const Tensor own = torch::arange(features.size(0), other_text.options());
  if (batch.wrong_ids.defined()) {
    const Tensor given = torch::tensor(drawn(batch, kWrongStream), torch::kDouble).to(own.device()) < config_.known_wrong;
    other_text = torch::where(given.logical_and(batch.has_wrong), all_pictures.size(0) + own, other_text);
  }
  Tensor sources = features;
  if (collective_ != nullptr) {  // the negatives' features alone are projected, not all ranks'
    sources = torch::cat({features, collective_->gather_with_gradient(features).index_select(0, other_image)});
    other_image = own + own.size(0);
  }
  const Tensor first = collective_ == nullptr ? own : own + collective_->rank() * own.size(0);  // this rank's among all texts
  const Tensor pictures = torch::cat({own, own, other_image}), texts = torch::cat({first, other_text, first});  // [3 B]
  BlipSource source = model->text_encoder->project(sources);
  for (KeysValues& layer : source.layers)
    layer = {.keys = layer.keys.index_select(0, pictures), .values = layer.values.index_select(0, pictures)};
  const Tensor ids = model->image_grounded_ids(all.input_ids).index_select(0, texts);
  const Tensor mask = all.mask.defined() ? all.mask.index_select(0, texts) : Tensor();
  const Tensor labels = torch::cat({torch::ones_like(own), torch::zeros_like(own), torch::zeros_like(own)});
  return at::cross_entropy_loss(model->match_logits(ids, mask, source).to(torch::kFloat32), labels);
}

StepLoss BlipObjectiveImpl::forward(const BlipBatch& batch, int64_t step) {
  const Tensor features = model->vision_model(batch.pixels);  // [B, S, C]
  StepLoss result{.total = torch::zeros({}, features.options().dtype(torch::kFloat32)), .parts = {}};
  const auto add = [&](const char* name, double weight, const Tensor& loss) {
    result.total = result.total + weight * loss;
    result.parts.emplace_back(name, loss.detach());
  };
  if (config_.itc > 0 || config_.itm > 0) {
    {
      const torch::NoGradGuard no_grad;
      temperature_.clamp_(0.001, 0.5);
    }
    const Tensor image = model->embed_image(features).to(torch::kFloat32);
    const Tensor text = model->embed_text(batch.input_ids, batch.mask).to(torch::kFloat32);
    const double ramp =
        config_.alpha_steps > 0 ? std::min(1.0, static_cast<double>(step) / static_cast<double>(config_.alpha_steps)) : 1;
    if (config_.itc > 0) add("loss_itc", config_.itc, contrast(batch, image, text, config_.alpha * ramp));
    if (config_.itm > 0) add("loss_itm", config_.itm, matching(batch, features, image, text));
  }
  if (config_.lm > 0) {
    const BlipSource source = model->text_decoder->bert->project(features);
    const Tensor losses = language_losses(model->text_decoder, source, batch.input_ids, batch.mask, model->config().text_config);
    Tensor tokens = batch.mask.defined() ? batch.mask.narrow(1, 1, losses.size(1)).sum() : torch::tensor(losses.numel());
    if (collective_ != nullptr) tokens = collective_->gather(tokens.reshape({1})).to(torch::kFloat32).mean();  // a rank's share
    add("loss_lm", config_.lm, losses.sum() / tokens);
  }
  return result;
}

}  // namespace omma
