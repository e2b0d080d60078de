#include "omma/io/torch_pickle.h"

#include <algorithm>
#include <array>
#include <optional>
#include <unordered_map>
#include <utility>

#include "omma/base/error.h"
#include "omma/io/quote.h"

namespace omma {
namespace {

using Kind = PickleValue::Kind;

struct StorageClass {
  std::string_view name;
  DType dtype;
};

constexpr std::array storage_classes = {
    StorageClass{"torch.DoubleStorage", DType::f64}, StorageClass{"torch.FloatStorage", DType::f32},
    StorageClass{"torch.HalfStorage", DType::f16},   StorageClass{"torch.BFloat16Storage", DType::bf16},
    StorageClass{"torch.LongStorage", DType::i64},   StorageClass{"torch.IntStorage", DType::i32},
    StorageClass{"torch.ShortStorage", DType::i16},  StorageClass{"torch.CharStorage", DType::i8},
    StorageClass{"torch.ByteStorage", DType::u8},    StorageClass{"torch.BoolStorage", DType::boolean},
    StorageClass{"torch.UntypedStorage", DType::u8}, StorageClass{"torch.storage.UntypedStorage", DType::u8},
};

constexpr std::array dtype_constants = {
    StorageClass{"torch.float64", DType::f64},         StorageClass{"torch.float32", DType::f32},
    StorageClass{"torch.float16", DType::f16},         StorageClass{"torch.bfloat16", DType::bf16},
    StorageClass{"torch.int64", DType::i64},           StorageClass{"torch.int32", DType::i32},
    StorageClass{"torch.int16", DType::i16},           StorageClass{"torch.int8", DType::i8},
    StorageClass{"torch.uint64", DType::u64},          StorageClass{"torch.uint32", DType::u32},
    StorageClass{"torch.uint16", DType::u16},          StorageClass{"torch.uint8", DType::u8},
    StorageClass{"torch.bool", DType::boolean},        StorageClass{"torch.float8_e4m3fn", DType::f8_e4m3},
    StorageClass{"torch.float8_e5m2", DType::f8_e5m2},
};

constexpr std::string_view ordered_dict = "collections.OrderedDict", counter = "collections.Counter",
                           name_space = "argparse.Namespace", torch_size = "torch.Size", torch_device = "torch.device",
                           rebuild_tensor = "torch._utils._rebuild_tensor", rebuild_tensor_v2 = "torch._utils._rebuild_tensor_v2",
                           rebuild_tensor_v3 = "torch._utils._rebuild_tensor_v3",
                           rebuild_parameter = "torch._utils._rebuild_parameter";

const std::vector<std::string_view>& allowed_globals() {
  static const std::vector<std::string_view> all = [] {
    std::vector<std::string_view> names = {rebuild_tensor_v2, rebuild_tensor, rebuild_tensor_v3, rebuild_parameter, ordered_dict,
                                           counter,           name_space,     torch_size,        torch_device};
    for (const auto& storage : storage_classes) names.push_back(storage.name);
    for (const auto& dtype : dtype_constants) names.push_back(dtype.name);
    return names;
  }();
  return all;
}

template <class Table>
std::optional<DType> dtype_in(const Table& table, const PickleValue& value) {
  if (value.kind != Kind::global) return std::nullopt;
  const auto found = std::ranges::find(table, value.text, &StorageClass::name);
  return found == table.end() ? std::nullopt : std::optional(found->dtype);
}

// Walks the values from the root and gathers tensors and plain values under their paths.
class Interpreter {
 public:
  Interpreter(const Pickle& pickle, std::string where)
      : pickle_(pickle), where_(std::move(where)), on_path_(pickle.values.size()) {}

  TorchPickle run();

 private:
  using Ids = std::vector<PickleId>;
  struct StorageView {
    std::size_t index;
    DType dtype;
  };

  void visit(PickleId id);
  void visit_value(const PickleValue& value);
  void visit_call(const PickleValue& call);
  void visit_items(const Ids& keys_and_values);
  void visit_pairs(const PickleValue& pairs);
  void visit_elements(const Ids& elements);
  void visit_below(std::string_view key, PickleId id);
  void add_metadata(std::string value);
  void add_tensor(const PickleValue& call);

  TorchTensor tensor(const PickleValue& call);
  StorageView storage(PickleId id);
  std::vector<std::int64_t> integers(PickleId id, std::string_view what);
  std::int64_t integer(PickleId id, std::string_view what);
  std::string_view text(PickleId id, std::string_view what);
  std::string_view callee(const PickleValue& value) const { return value.kind == Kind::call ? pickle_[value.callee].text : ""; }
  const Ids& arguments(const PickleValue& call) const { return pickle_[call.argument].items; }
  void check_within_storage(const TorchTensor& tensor);
  void spend(std::size_t bytes);

  template <class... Args>
  [[noreturn]] void refuse(fmt::format_string<Args...> format, Args&&... args) const {
    fail("{}: {}: {}", where_, quote(path_), fmt::format(format, std::forward<Args>(args)...));
  }

  static constexpr std::size_t max_depth = 64;
  static constexpr std::size_t max_visits = 4'000'000;  // a shared list counts each time: no billion laughs
  static constexpr std::size_t max_bytes = 256 << 20;   // of all paths, shapes and plain values together

  const Pickle& pickle_;
  std::string where_;
  TorchPickle result_;
  std::unordered_map<std::string_view, std::size_t> storage_index_;  // by key
  std::string path_;
  std::vector<bool> on_path_;
  std::size_t depth_ = 0, visits_ = 0, spent_ = 0;
};

TorchPickle Interpreter::run() {
  const PickleValue& root = pickle_[pickle_.root];
  const bool holds_tensors = root.kind == Kind::dict || root.kind == Kind::list || root.kind == Kind::tuple ||
                             callee(root) == ordered_dict || callee(root) == name_space;
  check(holds_tensors, "{}: expected a dict or a list of tensors", where_);
  visit(pickle_.root);
  return std::move(result_);
}

void Interpreter::visit(PickleId id) {
  if (on_path_[id]) refuse("contains itself");
  if (++visits_ > max_visits) refuse("more than {} values", max_visits);
  if (depth_ == max_depth) refuse("nested deeper than {}", max_depth);
  on_path_[id] = true;
  ++depth_;
  visit_value(pickle_[id]);
  --depth_;
  on_path_[id] = false;
}

void Interpreter::visit_value(const PickleValue& value) {
  switch (value.kind) {
    case Kind::none:
    case Kind::bytes:
      return;  // nothing that a caller could want
    case Kind::boolean:
      return add_metadata(value.integer != 0 ? "true" : "false");
    case Kind::integer:
      return add_metadata(std::to_string(value.integer));
    case Kind::real:
      return add_metadata(fmt::format("{}", value.real));
    case Kind::text:
      return add_metadata(std::string(value.text));
    case Kind::tuple:
    case Kind::list:
      return visit_elements(value.items);
    case Kind::dict:
      return visit_items(value.items);
    case Kind::call:
      return visit_call(value);
    case Kind::global:
      if (!dtype_in(dtype_constants, value)) refuse("expected a value, found the class {}", value.text);
      return add_metadata(std::string(value.text));
    case Kind::persistent:
      refuse("expected a tensor, found a bare storage");
  }
}

void Interpreter::visit_call(const PickleValue& call) {
  const std::string_view name = callee(call);
  const Ids& given = arguments(call);
  if (name.starts_with("torch._utils.")) return add_tensor(call);
  if (call.has_state && (pickle_[call.state].kind != Kind::dict || (name != ordered_dict && name != name_space)))
    refuse("{}: unexpected state", name);
  if (!call.items.empty() && name != ordered_dict) refuse("{}: unexpected items", name);
  if (name == ordered_dict && given.size() <= 1) {
    for (const PickleId pairs : given) visit_pairs(pickle_[pairs]);
    visit_items(call.items);  // the state is the `_metadata` that module versions are kept in
  } else if (name == name_space && given.empty()) {
    if (call.has_state) visit_items(pickle_[call.state].items);
  } else if (name == counter && given.size() <= 1) {
    for (const PickleId counts : given) visit(counts);
  } else if (name == torch_size && given.size() == 1) {
    visit(given[0]);
  } else if (name == torch_device && (given.size() == 1 || given.size() == 2)) {
    std::string device(text(given[0], "device"));
    if (given.size() == 2) device += fmt::format(":{}", integer(given[1], "device"));
    add_metadata(std::move(device));
  } else {
    refuse("unexpected call of {} with {} arguments", name, given.size());
  }
}

void Interpreter::visit_items(const Ids& keys_and_values) {
  for (std::size_t i = 0; i + 1 < keys_and_values.size(); i += 2) {
    const PickleValue& key = pickle_[keys_and_values[i]];
    if (key.kind == Kind::text)
      visit_below(key.text, keys_and_values[i + 1]);
    else if (key.kind == Kind::integer)
      visit_below(std::to_string(key.integer), keys_and_values[i + 1]);
    else
      refuse("expected keys that are strings or integers");
  }
}

// Python 2 gives an OrderedDict a list of [key, value].
void Interpreter::visit_pairs(const PickleValue& pairs) {
  if (pairs.kind != Kind::list) refuse("{}: expected a list of pairs", ordered_dict);
  for (const PickleId id : pairs.items) {
    const PickleValue& pair = pickle_[id];
    if ((pair.kind != Kind::list && pair.kind != Kind::tuple) || pair.items.size() != 2) refuse("{}: expected pairs", ordered_dict);
    visit_items(pair.items);
  }
}

void Interpreter::visit_elements(const Ids& elements) {
  for (std::size_t i = 0; i < elements.size(); ++i) visit_below(std::to_string(i), elements[i]);
}

void Interpreter::visit_below(std::string_view key, PickleId id) {
  const std::size_t length = path_.size();
  if (depth_ > 1) path_ += '.';
  path_ += key;
  visit(id);
  path_.resize(length);
}

void Interpreter::spend(std::size_t bytes) {
  spent_ += path_.size() + bytes;
  if (spent_ > max_bytes) refuse("names, shapes and plain values of more than {} bytes", max_bytes);
}

void Interpreter::add_metadata(std::string value) {
  spend(value.size());
  if (!result_.metadata.emplace(path_, std::move(value)).second) refuse("two values have this path");
}

void Interpreter::add_tensor(const PickleValue& call) {
  TorchTensor found = tensor(call);
  found.name = path_;
  spend(sizeof found + 2 * found.shape.size() * sizeof(std::int64_t));
  result_.tensors.push_back(std::move(found));
}

TorchTensor Interpreter::tensor(const PickleValue& call) {
  const std::string_view name = callee(call);
  const Ids& given = arguments(call);
  if (call.has_state || !call.items.empty()) refuse("{}: unexpected state", name);
  if (name == rebuild_parameter) {  // (tensor, requires_grad, hooks)
    const PickleValue* inner = given.size() == 3 ? &pickle_[given[0]] : nullptr;
    if (inner == nullptr || !callee(*inner).starts_with(rebuild_tensor)) refuse("{}: expected a tensor", name);
    return tensor(*inner);
  }
  // (storage, offset, size, stride[, requires_grad, hooks[, dtype (v3 only)][, metadata]])
  const std::size_t least = name == rebuild_tensor ? 4 : name == rebuild_tensor_v2 ? 6 : 7;
  if (given.size() < least || given.size() > least + (name == rebuild_tensor ? 0 : 1))
    refuse("{}: expected {} arguments, found {}", name, least, given.size());
  const StorageView view = storage(given[0]);
  TorchTensor found{.name = {},
                    .dtype = view.dtype,
                    .storage = view.index,
                    .offset = integer(given[1], "storage offset"),
                    .shape = integers(given[2], "size"),
                    .strides = integers(given[3], "stride")};
  if (name == rebuild_tensor_v3) {
    const auto dtype = dtype_in(dtype_constants, pickle_[given[6]]);
    if (!dtype) refuse("{}: expected a dtype", name);
    found.dtype = *dtype;
  }
  check_within_storage(found);
  return found;
}

// ('storage', class, key, location, elements[, view (None)])
Interpreter::StorageView Interpreter::storage(PickleId id) {
  const PickleValue& value = pickle_[id];
  if (value.kind != Kind::persistent) refuse("expected a storage by its persistent id");
  const PickleValue& tuple = pickle_[value.argument];
  const Ids& fields = tuple.items;
  if (tuple.kind != Kind::tuple || fields.size() < 5 || fields.size() > 6 || text(fields[0], "persistent id") != "storage")
    refuse("expected a persistent id ('storage', class, key, location, elements)");
  const auto dtype = dtype_in(storage_classes, pickle_[fields[1]]);
  if (!dtype) refuse("storage: expected a class of storages");
  const std::string_view key = text(fields[2], "storage key");
  const bool plain = !key.empty() && std::ranges::all_of(key, [](char c) { return c >= '0' && c <= '9'; });
  if (!plain) refuse("storage key: expected digits, found {}", quote(key));
  text(fields[3], "storage location");
  const std::int64_t elements = integer(fields[4], "storage elements");
  std::uint64_t bytes = 0;
  if (elements < 0 || __builtin_mul_overflow(static_cast<std::uint64_t>(elements), bytes_of(*dtype), &bytes))
    refuse("storage {}: {} elements are out of range", key, elements);
  if (fields.size() == 6 && pickle_[fields[5]].kind != Kind::none) refuse("storage {}: views of storages are not supported", key);

  const auto [entry, inserted] = storage_index_.try_emplace(key, result_.storages.size());
  if (inserted) result_.storages.push_back({std::string(key), elements, bytes});
  if (result_.storages[entry->second].bytes != bytes)
    refuse("storage {}: of {} bytes here and {} bytes before", key, bytes, result_.storages[entry->second].bytes);
  return {entry->second, *dtype};
}

void Interpreter::check_within_storage(const TorchTensor& found) {
  const auto& shape = found.shape;
  if (shape.size() != found.strides.size() || shape.size() > max_rank)
    refuse("expected as many strides as sizes, at most {}, found {} and {}", max_rank, found.strides.size(), shape.size());
  const auto count = element_count(shape);
  if (!count || found.offset < 0 || std::ranges::any_of(found.strides, [](std::int64_t stride) { return stride < 0; }))
    refuse("expected sizes, strides and an offset of at least 0 without overflow, found size [{}], stride [{}], offset {}",
           fmt::join(shape, ", "), fmt::join(found.strides, ", "), found.offset);
  std::int64_t last = found.offset;  // the highest element touched
  bool overflow = false;
  for (std::size_t i = 0; i < shape.size() && *count > 0; ++i) {
    std::int64_t step = 0;
    overflow =
        overflow || __builtin_mul_overflow(shape[i] - 1, found.strides[i], &step) || __builtin_add_overflow(last, step, &last);
  }
  const TorchStorage& storage = result_.storages[found.storage];
  const auto elements = storage.bytes / bytes_of(found.dtype);
  if (overflow || (*count > 0 && static_cast<std::uint64_t>(last) >= elements))
    refuse("size [{}], stride [{}] and offset {} reach beyond the {} elements of storage {}", fmt::join(shape, ", "),
           fmt::join(found.strides, ", "), found.offset, elements, storage.key);
}

std::vector<std::int64_t> Interpreter::integers(PickleId id, std::string_view what) {
  const PickleValue* value = &pickle_[id];
  if (callee(*value) == torch_size && arguments(*value).size() == 1) value = &pickle_[arguments(*value)[0]];
  if (value->kind != Kind::tuple) refuse("{}: expected a tuple of integers", what);
  if (value->items.size() > max_rank) refuse("{}: expected at most {} dimensions, found {}", what, max_rank, value->items.size());
  std::vector<std::int64_t> found;
  for (const PickleId item : value->items) found.push_back(integer(item, what));
  return found;
}

std::int64_t Interpreter::integer(PickleId id, std::string_view what) {
  if (pickle_[id].kind != Kind::integer) refuse("{}: expected an integer", what);
  return pickle_[id].integer;
}

std::string_view Interpreter::text(PickleId id, std::string_view what) {
  if (pickle_[id].kind != Kind::text) refuse("{}: expected a string", what);
  return pickle_[id].text;
}

}  // namespace

TorchPickle read_torch_pickle(ByteReader& reader) {
  const Pickle pickle = read_pickle(reader, allowed_globals());
  return Interpreter(pickle, reader.name()).run();
}

}  // namespace omma
