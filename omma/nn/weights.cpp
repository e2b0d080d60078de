#include "omma/nn/weights.h"

#include <fmt/ranges.h>
#include <sys/mman.h>

#include <algorithm>
#include <cstdlib>
#include <map>
#include <new>
#include <optional>
#include <set>

#include "omma/base/config.h"
#include "omma/base/error.h"

namespace omma {
namespace {

std::string_view take_component(std::string_view& rest) {
  const auto dot = rest.find('.');
  const std::string_view component = rest.substr(0, dot);
  rest = dot == std::string_view::npos ? std::string_view() : rest.substr(dot + 1);
  return component;
}

// What the stars of `pattern` stand for in `key`; nullopt where it does not match.
std::optional<std::vector<std::string>> match(std::string_view pattern, std::string_view key) {
  std::vector<std::string> stars;
  while (!pattern.empty()) {
    if (key.empty()) return std::nullopt;
    if (pattern == "**") {
      stars.emplace_back(key);
      return stars;
    }
    const std::string_view expected = take_component(pattern), found = take_component(key);
    if (expected == "*")
      stars.emplace_back(found);
    else if (expected != found)
      return std::nullopt;
  }
  if (!key.empty()) return std::nullopt;
  return stars;
}

// Puts what the stars stood for into `pattern`, in order.
std::string fill(std::string_view pattern, const std::vector<std::string>& stars) {
  std::string name;
  std::size_t next = 0;
  while (!pattern.empty()) {
    const std::string_view component = take_component(pattern);
    if (!name.empty()) name += '.';
    name += component == "*" || component == "**" ? stars.at(next++) : std::string(component);
  }
  return name;
}

// Where a parameter's values come from: part `part` of `parts` equal parts of `view` along its first dimension.
struct Source {
  const TensorView* view;
  std::size_t part = 0;
  std::size_t parts = 1;

  std::vector<int64_t> sizes() const {
    auto sizes = view->shape;
    if (parts > 1 && !sizes.empty()) sizes[0] /= static_cast<int64_t>(parts);
    return sizes;
  }
  std::span<const std::uint8_t> bytes() const {
    const auto length = view->bytes.size() / parts;
    return view->bytes.subspan(part * length, length);
  }
};

bool same(const Source& a, const Source& b) { return a.view->dtype == b.view->dtype && std::ranges::equal(a.bytes(), b.bytes()); }

// The source of every parameter that `file` has, with the faults of its keys.
std::map<std::string, Source> sources(const TensorFile& file, const KeyTable& table, const std::set<std::string>& wanted,
                                      Faults& faults) {
  std::map<std::string, Source> found;
  for (const TensorView& view : file.tensors()) {
    const auto names = translate_key(view.name, table);
    for (std::size_t part = 0; part < names.size(); ++part) {
      const Source source{&view, part, names.size()};
      if (!wanted.contains(names[part])) {
        faults.add("unexpected tensor \"{}\"", view.name);
        break;
      }
      if (names.size() > 1 && (view.shape.empty() || view.shape[0] % static_cast<int64_t>(names.size()) != 0)) {
        faults.add("tensor \"{}\": expected {} equal parts, got [{}]", view.name, names.size(), fmt::join(view.shape, ", "));
        break;
      }
      const auto [place, first] = found.emplace(names[part], source);
      if (!first && !same(place->second, source))
        faults.add("tensors \"{}\" and \"{}\" both are \"{}\" and differ", place->second.view->name, view.name, names[part]);
    }
  }
  return found;
}

constexpr std::size_t huge_page = std::size_t{1} << 21;

Tensor huge_pages(std::size_t bytes) {  // [bytes, rounded up], uint8
  const std::size_t size = (bytes + huge_page - 1) / huge_page * huge_page;
  void* data = std::aligned_alloc(huge_page, size);
  if (data == nullptr) throw std::bad_alloc();
  ::madvise(data, size, MADV_HUGEPAGE);  // where Linux has none, small ones will do
  return torch::from_blob(data, {static_cast<int64_t>(size)}, std::free, torch::kUInt8);
}

// Of a parameter, `sizes` and `dtype` known, in `file`'s memory if that has its values as they are; undefined otherwise.
Tensor in_place(const Source& source, const TensorFile& file, torch::Dtype dtype) {
  const auto owner = file.owner();
  const std::uint8_t* data = source.bytes().data();
  const bool aligned = reinterpret_cast<std::uintptr_t>(data) % bytes_of(source.view->dtype) == 0;
  if (owner == nullptr || !aligned || torch_dtype(source.view->dtype) != dtype) return {};
  return torch::from_blob(const_cast<std::uint8_t*>(data), source.sizes(), [owner](void*) {}, dtype);
}

// The values that load_weights gives its parameters, one after another.
class LoadedValues {
 public:
  LoadedValues(const TensorFile& file, const torch::TensorOptions& options)
      : file_(file), device_(options.device()), dtype_(torch::typeMetaToScalarType(options.dtype())) {}

  // Called for all before any is converted.
  void expect(const Source& source) {
    if (!in_place(source, file_, dtype_).defined()) bytes_ += padded(source);
  }

  Tensor operator()(const Source& source) {
    if (Tensor mapped = in_place(source, file_, dtype_); mapped.defined()) return mapped.to(device_);
    const Tensor values = to_tensor({source.view->name, source.view->dtype, source.sizes(), source.bytes()});
    if (!device_.is_cpu()) return values.to(device_, dtype_);
    if (!arena_.defined()) arena_ = huge_pages(bytes_);
    const int64_t bytes = values.numel() * static_cast<int64_t>(torch::elementSize(dtype_));
    const Tensor place = arena_.narrow(0, used_, bytes).view(dtype_).view(values.sizes());
    used_ += static_cast<int64_t>(padded(source));
    return place.copy_(values);
  }

 private:
  // To whole cache lines.
  std::size_t padded(const Source& source) const {
    const std::size_t bytes = source.bytes().size() / bytes_of(source.view->dtype) * torch::elementSize(dtype_);
    return (bytes + 63) / 64 * 64;
  }

  const TensorFile& file_;
  torch::Device device_;
  torch::Dtype dtype_;
  std::size_t bytes_ = 0;  // to convert in all
  Tensor arena_;
  int64_t used_ = 0;
};

// The source of every parameter of `module`, each fit for it; the error tells everything that is not.
std::map<std::string, Source> checked_sources(const torch::nn::Module& module, const TensorFile& file, const KeyTable& table,
                                              std::string_view where) {
  const auto parameters = module.named_parameters();
  std::set<std::string> wanted;
  for (const auto& parameter : parameters) wanted.insert(parameter.key());
  Faults faults{std::string(where)};
  auto found = sources(file, table, wanted, faults);
  for (const auto& parameter : parameters) {
    const auto source = found.find(parameter.key());
    if (source == found.end()) {
      faults.add("missing tensor \"{}\" {}", parameter.key(), shape(parameter.value()));
      continue;
    }
    const auto sizes = source->second.sizes();
    faults.expect(parameter.value().sizes() == torch::IntArrayRef(sizes), "tensor \"{}\": expected {}, got [{}]",
                  source->second.view->name, shape(parameter.value()), fmt::join(sizes, ", "));
    faults.expect(torch::isFloatingType(torch_dtype(source->second.view->dtype)), "tensor \"{}\": expected a floating type, got {}",
                  source->second.view->name, name_of(source->second.view->dtype));
  }
  faults.raise();
  return found;
}

}  // namespace

std::vector<std::string> translate_key(std::string_view key, const KeyTable& table) {
  for (const std::string& pattern : table.ignored)
    if (match(pattern, key)) return {};
  for (const KeyRule& rule : table.rules) {
    const auto stars = match(rule.from, key);
    if (!stars) continue;
    std::vector<std::string> names;
    for (const std::string& to : rule.to) names.push_back(fill(to, *stars));
    return names;
  }
  return {std::string(key)};
}

void load_weights(torch::nn::Module& module, const TensorFile& file, const KeyTable& table, std::string_view where,
                  const torch::TensorOptions& options) {
  torch::NoGradGuard no_grad;
  const auto found = checked_sources(module, file, table, where);
  auto parameters = module.named_parameters();
  LoadedValues values(file, options);
  for (const auto& parameter : parameters) values.expect(found.at(parameter.key()));
  // Not set_data, which refuses memory for a tensor that has none.
  for (auto& parameter : parameters)
    parameter.value().unsafeGetTensorImpl()->shallow_copy_from(values(found.at(parameter.key())).getIntrusivePtr());
}

void save_weights(const std::filesystem::path& file, const torch::nn::Module& module, torch::Dtype dtype) {
  torch::NoGradGuard no_grad;
  std::vector<Tensor> kept;
  std::vector<TensorView> views;
  for (const auto& parameter : module.named_parameters()) {
    kept.push_back(parameter.value().detach().to(torch::kCPU, dtype).contiguous());
    views.push_back(view_of(kept.back(), parameter.key()));
  }
  write_safetensors(file, views, {{"format", "pt"}});
}

}  // namespace omma
