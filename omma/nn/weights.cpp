#include "omma/nn/weights.h"

#include <fmt/ranges.h>
#include <sys/mman.h>

#include <algorithm>
#include <cstdlib>
#include <map>
#include <memory>
#include <new>
#include <optional>
#include <set>

#include "omma/base/config.h"
#include "omma/base/error.h"
#include "omma/base/threads.h"
#include "omma/io/finite.h"
#include "omma/nn/linear.h"
#include "omma/nn/lora.h"

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

// Where a weight's values come from: part `part` of `parts` equal parts of `view` along its first dimension.
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

// The source of every weight that `file` has, with the faults of its keys.
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

// Not set_data, which refuses memory for a tensor that has none.
void give_memory(Tensor& weight, const Tensor& values) {
  weight.unsafeGetTensorImpl()->shallow_copy_from(values.getIntrusivePtr());
}

// A view of the file's bytes, valid while the file lives; a copy where they are not aligned.
Tensor file_values(const Source& source) {
  const TensorView part{source.view->name, source.view->dtype, source.sizes(), source.bytes()};
  if (!is_aligned(source)) return to_tensor(part);
  return torch::from_blob(const_cast<std::uint8_t*>(part.bytes.data()), part.shape, torch_dtype(part.dtype));
}

struct NamedWeight {
  std::string name;
  Tensor tensor;
};

// What a checkpoint holds of a module: its parameters and its buffers.
std::vector<NamedWeight> weights_of(const torch::nn::Module& module) {
  std::vector<NamedWeight> all;
  for (const auto& item : module.named_parameters()) all.push_back({item.key(), item.value()});
  for (const auto& item : module.named_buffers()) all.push_back({item.key(), item.value()});
  return all;
}

// The type that a weight is kept in: whole numbers keep their own.
torch::Dtype kept_dtype(const Tensor& weight, torch::Dtype dtype) {
  return weight.is_floating_point() ? dtype : weight.scalar_type();
}

// The scales and biases of int8 layers, which stay float32 in a model of any type.
std::set<const void*> weights_beside_int8(const torch::nn::Module& module) {
  std::set<const void*> found;
  const auto add = [&](const torch::nn::Module& layer) {
    const auto* linear = dynamic_cast<const LinearImpl*>(&layer);
    if (linear == nullptr || !linear->is_int8()) return;
    for (const Tensor& weight : linear->parameters()) found.insert(weight.unsafeGetTensorImpl());
    for (const Tensor& weight : linear->buffers()) found.insert(weight.unsafeGetTensorImpl());
  };
  add(module);
  for (const auto& layer : module.modules(/*include_self=*/false)) add(*layer);
  return found;
}

// A weight, tied names once, and where it gets its values.
struct Loading {
  Tensor weight;
  Source source;
  torch::Dtype dtype;
  bool mapped = false;

  int64_t bytes() const {  // in whole cache lines
    return (weight.numel() * static_cast<int64_t>(torch::elementSize(dtype)) + 63) / 64 * 64;
  }
};

std::vector<Loading> plan_loading(const torch::nn::Module& module, const std::map<std::string, Source>& found,
                                  const WeightOptions& options) {
  std::vector<Loading> all;
  std::set<const void*> seen;
  const std::set<const void*> exact = weights_beside_int8(module);
  for (const auto& [name, weight] : weights_of(module)) {
    const void* tensor = weight.unsafeGetTensorImpl();
    const torch::Dtype dtype = exact.contains(tensor) ? weight.scalar_type() : kept_dtype(weight, options.dtype);
    if (seen.insert(tensor).second) all.push_back({weight, found.at(name), dtype});
  }
  return all;
}

// Maps what can be mapped, where that is wanted or all together are too large to copy; the bytes that are left to copy.
int64_t choose_mapped(std::vector<Loading>& all, const TensorFile& file, const WeightOptions& options) {
  int64_t bytes = 0;
  for (const Loading& each : all) bytes += each.bytes();
  if (file.owner() == nullptr || (options.for_decoding && bytes <= available_memory() / 4)) return bytes;
  for (Loading& each : all) {
    each.mapped = is_aligned(each.source) && torch_dtype(each.source.view->dtype) == each.dtype;
    if (each.mapped) bytes -= each.bytes();
  }
  return bytes;
}

// No number leaves the range of a smaller type.
void expect_in_range(const Tensor& values, const Loading& loading, std::string_view where) {
  if (loading.dtype == torch_dtype(loading.source.view->dtype)) return;
  const bool finite = values.is_cpu() ? !find_non_finite(view_of(values, "")) : torch::isfinite(values).all().item<bool>();
  check(finite, "{}: tensor \"{}\": a value is beyond the range of {}", where, loading.source.view->name,
        torch::toString(loading.dtype));
}

void load_on_cpu(std::vector<Loading>& all, const TensorFile& file, std::string_view where, const WeightOptions& options) {
  const int64_t bytes = choose_mapped(all, file, options);
  const Tensor block = options.for_decoding ? huge_pages(bytes) : torch::empty({bytes}, torch::kUInt8);
  int64_t used = 0;
  for (Loading& each : all) {
    const Tensor values = file_values(each.source);
    if (each.mapped) {
      const auto keep = [owner = file.owner()](void*) {};
      give_memory(each.weight, torch::from_blob(values.mutable_data_ptr(), values.sizes(), keep, each.dtype));
      continue;
    }
    const int64_t length = values.numel() * static_cast<int64_t>(torch::elementSize(each.dtype));
    give_memory(each.weight, block.narrow(0, used, length).view(each.dtype).view(values.sizes()).copy_(values));
    expect_in_range(each.weight, each, where);
    used += each.bytes();
  }
}

// Two names of one weight need the same values.
void expect_tied_alike(const torch::nn::Module& module, const std::map<std::string, Source>& found, Faults& faults) {
  std::map<const void*, const Source*> firsts;
  for (const auto& [name, weight] : weights_of(module)) {
    const auto source = found.find(name);
    if (source == found.end()) continue;
    const auto [first, is_new] = firsts.emplace(weight.unsafeGetTensorImpl(), &source->second);
    if (!is_new && !same(*first->second, source->second))
      faults.add("tensors \"{}\" and \"{}\" are one weight and differ", first->second->view->name, source->second.view->name);
  }
}

void expect_finite_sources(const std::map<std::string, Source>& found, std::string_view where) {
  std::vector<const TensorView*> views;
  for (const auto& [name, source] : found) views.push_back(source.view);
  std::ranges::sort(views);  // one that is split gives several weights
  const auto repeated = std::ranges::unique(views);
  views.erase(repeated.begin(), repeated.end());
  std::ranges::sort(views, {}, &TensorView::name);
  expect_finite(views, where);
}

// Numbers with a fraction may be of any such type, whole ones only of the weight's own.
void expect_type(const Tensor& weight, const TensorView& view, Faults& faults) {
  const torch::Dtype stored = torch_dtype(view.dtype);
  if (weight.is_floating_point())
    faults.expect(torch::isFloatingType(stored), "tensor \"{}\": expected a floating type, got {}", view.name, name_of(view.dtype));
  else
    faults.expect(stored == weight.scalar_type(), "tensor \"{}\": expected {}, got {}", view.name,
                  name_of(file_dtype(weight.scalar_type())), name_of(view.dtype));
}

// The source of every weight of `module`, each fit for it; the error tells everything that is not.
std::map<std::string, Source> checked_sources(const torch::nn::Module& module, const TensorFile& file, const KeyTable& table,
                                              std::string_view where) {
  const auto weights = weights_of(module);
  std::set<std::string> wanted;
  for (const auto& weight : weights) wanted.insert(weight.name);
  Faults faults{std::string(where)};
  auto found = sources(file, table, wanted, faults);
  for (const auto& [name, weight] : weights) {
    const auto source = found.find(name);
    if (source == found.end()) {
      faults.add("missing tensor \"{}\" {}", name, shape(weight));
      continue;
    }
    const auto sizes = source->second.sizes();
    faults.expect(weight.sizes() == torch::IntArrayRef(sizes), "tensor \"{}\": expected {}, got [{}]", source->second.view->name,
                  shape(weight), fmt::join(sizes, ", "));
    expect_type(weight, *source->second.view, faults);
  }
  expect_tied_alike(module, found, faults);
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
  expect_finite_sources(found, where);
  auto all = plan_loading(module, found, options);
  if (options.device.is_cpu()) return load_on_cpu(all, file, where, options);
  for (Loading& each : all) {
    give_memory(each.weight, file_values(each.source).to(options.device, each.dtype));
    expect_in_range(each.weight, each, where);
  }
}

Tensor huge_pages(int64_t bytes) {
  constexpr int64_t page = int64_t{1} << 21;
  const int64_t size = (bytes + page - 1) / page * page;
  void* data = std::aligned_alloc(page, static_cast<std::size_t>(size));
  if (data == nullptr) throw std::bad_alloc();
  ::madvise(data, static_cast<std::size_t>(size), MADV_HUGEPAGE);  // where Linux has none, small ones will do
  return torch::from_blob(data, {size}, std::free, torch::kUInt8);
}

void save_weights(const std::filesystem::path& file, const torch::nn::Module& module, torch::Dtype dtype) {
  torch::NoGradGuard no_grad;
  const std::set<const void*> exact = weights_beside_int8(module);
  std::vector<Tensor> kept;
  std::vector<TensorView> views;
  for (const auto& [name, weight] : merged_weights(module)) {
    const bool as_it_is = exact.contains(weight.unsafeGetTensorImpl());
    kept.push_back(weight.detach().to(torch::kCPU, as_it_is ? weight.scalar_type() : kept_dtype(weight, dtype)).contiguous());
    views.push_back(view_of(kept.back(), name));
  }
  write_safetensors(file, views, {{"format", "pt"}});
}

}  // namespace omma
