#include "omma/nn/weights.h"

#include <fmt/ranges.h>

#include <algorithm>
#include <cstring>
#include <map>
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

void copy_into(Tensor& parameter, const Source& source) {
  const TensorView part{source.view->name, source.view->dtype, source.sizes(), source.bytes()};
  parameter.copy_(to_tensor(part));
}

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

ShapesOnly::ShapesOnly()
    : no_choice_of_backend_(c10::DispatchKeySet(c10::DispatchKey::BackendSelect)), meta_(c10::DispatchKey::Meta) {}

void check_weights(const torch::nn::Module& module, const TensorFile& file, const KeyTable& table, std::string_view where) {
  checked_sources(module, file, table, where);
}

void load_weights(torch::nn::Module& module, const TensorFile& file, const KeyTable& table, std::string_view where) {
  torch::NoGradGuard no_grad;
  const auto found = checked_sources(module, file, table, where);
  for (auto& parameter : module.named_parameters()) copy_into(parameter.value(), found.at(parameter.key()));
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
