#include "omma/models/tensor_set.h"

namespace omma {

void TensorSet::add(const TensorFile& file, const KeyTable& names) {
  owners_.push_back(std::make_shared<const TensorFile>(file));
  for (const TensorView& view : file.tensors())
    for (const std::string& name : translate_key(view.name, names)) {
      TensorView& place = views_[name] = view;
      place.name = name;
    }
}

void TensorSet::set(const std::string& name, const Tensor& tensor) {
  const auto kept = std::make_shared<const Tensor>(tensor.contiguous());
  views_[name] = view_of(*kept, name);
  owners_.push_back(kept);
}

bool TensorSet::has(std::string_view prefix) const {
  const auto next = views_.lower_bound(prefix);
  return next != views_.end() && next->first.starts_with(prefix);
}

TensorFile TensorSet::file() const {
  std::vector<TensorView> views;
  for (const auto& [name, view] : views_) views.push_back(view);
  return {std::move(views), {}, owners_};
}

}  // namespace omma
