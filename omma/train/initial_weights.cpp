#include "omma/train/initial_weights.h"

#include "omma/base/error.h"
#include "omma/base/log.h"
#include "omma/io/finite.h"
#include "omma/io/tensor_file.h"
#include "omma/nn/tensor.h"

namespace omma {

InitialWeights load_matching_weights(torch::nn::Module& module, const std::filesystem::path& from, const FitWeight& fit) {
  torch::NoGradGuard no_grad;
  const TensorFile file = std::filesystem::is_directory(from) ? read_weights(from) : read_safetensors(from);
  std::vector<const TensorView*> views;
  for (const TensorView& view : file.tensors()) views.push_back(&view);
  expect_finite(views, from.string());
  InitialWeights count;
  const auto copy = [&](const std::string& name, Tensor weight) {
    ++count.wanted;
    const TensorView* view = file.find(name);
    if (view == nullptr) return;
    const bool is_quantized = view->dtype == DType::i8 && weight.is_floating_point();  // of whatever size: it is no start
    check(!is_quantized, "{}: {}: expected {}, got I8: 8-bit numbers start no training", from.string(), name,
          name_of(file_dtype(weight.scalar_type())));
    Tensor theirs = to_tensor(*view);
    if (theirs.sizes() != weight.sizes()) theirs = fit ? fit(name, theirs, weight.sizes()) : Tensor();
    if (!theirs.defined()) return;
    check(theirs.sizes() == weight.sizes(), "{}: {}: expected to be made {}, got {}", from.string(), name, shape(weight),
          shape(theirs));
    check(weight.is_floating_point() == torch::isFloatingType(torch_dtype(view->dtype)), "{}: {}: expected {}, got {}",
          from.string(), name, name_of(file_dtype(weight.scalar_type())), name_of(view->dtype));
    weight.copy_(theirs);
    ++count.copied;
  };
  for (const auto& item : module.named_parameters()) copy(item.key(), item.value());
  for (const auto& item : module.named_buffers()) copy(item.key(), item.value());
  check(count.copied > 0, "{}: no tensor fits a parameter of the model by name and shape", from.string());
  log_info("{}: {} of {} weights come from it", from.string(), count.copied, count.wanted);
  return count;
}

void load_known_embeddings(torch::nn::Module& module, const std::string& name, const Tokenizer& tokenizer,
                           const std::filesystem::path& directory) {
  if (!std::filesystem::exists(directory / "tokenizer.json")) return;
  const Tokenizer theirs = Tokenizer::from_directory(directory);
  const TensorFile weights = read_weights(directory);
  const torch::Tensor embeddings = module.named_parameters()[name];
  const TensorView* view = weights.find(name);
  if (view == nullptr || view->shape.size() != 2 || view->shape[1] != embeddings.size(1)) return;
  torch::NoGradGuard no_grad;
  const torch::Tensor rows = to_tensor(*view);  // [their tokens, C]
  int64_t known = 0;
  for (std::int32_t id = 0; id <= tokenizer.largest_id(); ++id) {
    const auto row = theirs.token_to_id(tokenizer.id_to_token(id));
    if (!row || *row >= rows.size(0)) continue;
    embeddings[id].copy_(rows[*row]);
    ++known;
  }
  log_info("{}: {} of {} tokens start from its embeddings", directory.string(), known, tokenizer.vocab_size());
}

}  // namespace omma
