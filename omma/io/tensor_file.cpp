#include "omma/io/tensor_file.h"

#include <algorithm>
#include <array>

#include "omma/base/error.h"
#include "omma/io/quote.h"

namespace omma {
namespace {

struct DTypeInfo {
  std::string_view name;
  std::size_t bytes;
};

// In the order of DType.
constexpr std::array<DTypeInfo, 15> dtypes = {{{"F64", 8},
                                               {"F32", 4},
                                               {"F16", 2},
                                               {"BF16", 2},
                                               {"F8_E4M3", 1},
                                               {"F8_E5M2", 1},
                                               {"I64", 8},
                                               {"I32", 4},
                                               {"I16", 2},
                                               {"I8", 1},
                                               {"U64", 8},
                                               {"U32", 4},
                                               {"U16", 2},
                                               {"U8", 1},
                                               {"BOOL", 1}}};
static_assert(dtypes.size() == static_cast<std::size_t>(DType::boolean) + 1);

}  // namespace

std::size_t bytes_of(DType dtype) { return dtypes[static_cast<std::size_t>(dtype)].bytes; }

std::string_view name_of(DType dtype) { return dtypes[static_cast<std::size_t>(dtype)].name; }

std::optional<DType> dtype_from_name(std::string_view name) {
  for (std::size_t i = 0; i < dtypes.size(); ++i)
    if (dtypes[i].name == name) return static_cast<DType>(i);
  return std::nullopt;
}

std::optional<std::int64_t> element_count(std::span<const std::int64_t> shape) {
  std::int64_t count = 1;
  bool empty = false;  // a zero anywhere makes the count zero, but the other sizes must still be representable
  for (const std::int64_t size : shape) {
    if (size < 0) return std::nullopt;
    if (size == 0)
      empty = true;
    else if (__builtin_mul_overflow(count, size, &count))
      return std::nullopt;
  }
  return empty ? 0 : count;
}

TensorFile::TensorFile(std::vector<TensorView> tensors, std::map<std::string, std::string> metadata,
                       std::vector<std::shared_ptr<const void>> owners) {
  std::ranges::sort(tensors, {}, &TensorView::name);
  const auto twin = std::ranges::adjacent_find(tensors, {}, &TensorView::name);
  if (twin != tensors.end()) fail("duplicate tensor {}", quote(twin->name));
  contents_ = std::make_shared<const Contents>(Contents{std::move(tensors), std::move(metadata), std::move(owners)});
}

const std::vector<TensorView>& TensorFile::tensors() const {
  static const std::vector<TensorView> none;
  return contents_ ? contents_->tensors : none;
}

const std::map<std::string, std::string>& TensorFile::metadata() const {
  static const std::map<std::string, std::string> none;
  return contents_ ? contents_->metadata : none;
}

std::shared_ptr<const void> TensorFile::owner() const {
  const bool owned = contents_ && !contents_->owners.empty() &&
                     std::ranges::none_of(contents_->owners, [](const auto& owner) { return owner == nullptr; });
  return owned ? contents_ : nullptr;
}

const TensorView* TensorFile::find(std::string_view name) const {
  const auto& all = tensors();
  const auto found = std::ranges::lower_bound(all, name, {}, &TensorView::name);
  return found != all.end() && found->name == name ? &*found : nullptr;
}

}  // namespace omma
