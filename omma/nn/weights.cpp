#include "omma/nn/weights.h"

#include <fmt/ranges.h>
#include <sys/mman.h>
#include <unistd.h>

#include <algorithm>
#include <cstdlib>
#include <map>
#include <memory>
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

bool is_aligned(const Source& source) {
  return reinterpret_cast<std::uintptr_t>(source.bytes().data()) % bytes_of(source.view->dtype) == 0;
}

// A view of the file's bytes, valid while the file lives; a copy where they are not aligned.
Tensor file_values(const Source& source) {
  const TensorView part{source.view->name, source.view->dtype, source.sizes(), source.bytes()};
  if (!is_aligned(source)) return to_tensor(part);
  return torch::from_blob(const_cast<std::uint8_t*>(part.bytes.data()), part.shape, torch_dtype(part.dtype));
}

int64_t memory_bytes() { return int64_t{::sysconf(_SC_PHYS_PAGES)} * ::sysconf(_SC_PAGESIZE); }  // of this machine

Tensor huge_pages(int64_t bytes) {  // [at least that many], uint8
  constexpr int64_t page = int64_t{1} << 21;
  const int64_t size = (bytes + page - 1) / page * page;
  void* data = std::aligned_alloc(page, static_cast<std::size_t>(size));
  if (data == nullptr) throw std::bad_alloc();
  ::madvise(data, static_cast<std::size_t>(size), MADV_HUGEPAGE);  // where Linux has none, small ones will do
  return torch::from_blob(data, {size}, std::free, torch::kUInt8);
}

// The values that load_weights gives its parameters.
class LoadedValues {
 public:
  LoadedValues(const TensorFile& file, const WeightOptions& options)
      : owner_(file.owner()), options_(options), most_copied_(options.most_copied.value_or(memory_bytes() / 4)) {}

  // For all, before the first is asked for.
  void expect(const Source& source) { bytes_ += padded_bytes(source); }

  Tensor operator()(const Source& source) {
    const Tensor values = file_values(source);
    if (!options_.device.is_cpu()) return values.to(options_.device, options_.dtype);
    if (bytes_ > most_copied_ && owner_ != nullptr && values.scalar_type() == options_.dtype && is_aligned(source))
      return torch::from_blob(values.mutable_data_ptr(), values.sizes(), [owner = owner_](void*) {}, options_.dtype);
    if (!block_.defined()) block_ = huge_pages(bytes_);
    const Tensor place =
        block_.narrow(0, used_, values.numel() * torch::elementSize(options_.dtype)).view(options_.dtype).view(values.sizes());
    used_ += padded_bytes(source);
    return place.copy_(values);
  }

 private:
  int64_t padded_bytes(const Source& source) const {  // to whole cache lines
    const std::size_t elements = source.bytes().size() / bytes_of(source.view->dtype);
    return static_cast<int64_t>((elements * torch::elementSize(options_.dtype) + 63) / 64 * 64);
  }

  std::shared_ptr<const void> owner_;
  WeightOptions options_;
  int64_t most_copied_;
  Tensor block_;  // uint8, made when it is first needed
  int64_t bytes_ = 0, used_ = 0;
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
                  const WeightOptions& options) {
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
