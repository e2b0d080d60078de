#include "omma/io/pickle.h"

#include <algorithm>
#include <bit>
#include <cstring>
#include <limits>
#include <string>
#include <utility>

#include "omma/base/error.h"
#include "omma/io/quote.h"

namespace omma {
namespace {

using Kind = PickleValue::Kind;

// The stack machine of Python's pickle (Lib/pickletools.py lists the opcodes).
class Machine {
 public:
  Machine(ByteReader& reader, std::span<const std::string_view> globals, const PickleLimits& limits)
      : reader_(reader), globals_(globals), limits_(limits) {}

  Pickle run();

 private:
  bool step(char opcode);  // false at STOP
  bool step_constant(char opcode);
  bool step_container(char opcode);
  bool step_object(char opcode);
  bool step_memo(char opcode);

  PickleId push(PickleValue value);
  PickleId pop();
  PickleId top() const;
  std::vector<PickleId> pop_mark();
  std::vector<PickleId> pop_several(std::size_t count);
  PickleValue& container(PickleId id, Kind kind);

  void push_integer(std::int64_t value) { push({.kind = Kind::integer, .integer = value}); }
  void push_long(std::uint64_t bytes);
  void push_text(std::uint64_t length) { push({.kind = Kind::text, .text = reader_.text(length)}); }
  void push_global(std::string_view module, std::string_view name);
  void push_call(PickleId callee, PickleId argument);
  void extend(PickleId target, Kind kind, const std::vector<PickleId>& items);
  void remember(std::uint64_t slot);
  void recall(std::uint64_t slot);

  template <class... Args>
  [[noreturn]] void refuse(fmt::format_string<Args...> format, Args&&... args) const {
    fail("{}: byte {}: {}", reader_.name(), at_, fmt::format(format, std::forward<Args>(args)...));
  }

  static constexpr PickleId unset = std::numeric_limits<PickleId>::max();

  ByteReader& reader_;
  std::span<const std::string_view> globals_;
  PickleLimits limits_;
  Pickle pickle_;
  std::vector<PickleId> stack_;
  std::vector<std::size_t> marks_;  // the stack's size when each was set
  std::vector<PickleId> memo_;
  std::size_t opcodes_ = 0;  // so far
  std::size_t at_ = 0;       // offset of the current one
};

Pickle Machine::run() {
  do {
    at_ = reader_.offset();
    if (opcodes_++ == limits_.opcodes) refuse("more than {} opcodes", limits_.opcodes);
  } while (step(reader_.number<char>()));
  pickle_.root = pop();
  if (!stack_.empty() || !marks_.empty())
    refuse("expected one value at the end, found {} open marks and {} more values", marks_.size(), stack_.size());
  return std::move(pickle_);
}

bool Machine::step(char opcode) {
  if (opcode == '.') return false;
  if (!step_constant(opcode) && !step_container(opcode) && !step_object(opcode) && !step_memo(opcode))
    refuse("unsupported opcode {:#04x}", static_cast<unsigned char>(opcode));
  return true;
}

bool Machine::step_constant(char opcode) {
  switch (opcode) {
    case 'N':
      push({.kind = Kind::none});
      return true;
    case '\x88':
    case '\x89':
      push({.kind = Kind::boolean, .integer = opcode == '\x88'});
      return true;
    case 'J':
      push_integer(reader_.number<std::int32_t>());
      return true;
    case 'K':
      push_integer(reader_.number<std::uint8_t>());
      return true;
    case 'M':
      push_integer(reader_.number<std::uint16_t>());
      return true;
    case '\x8a':
      push_long(reader_.number<std::uint8_t>());
      return true;
    case '\x8b':
      push_long(reader_.number<std::uint32_t>());
      return true;
    case 'G':  // the one big-endian number of the format
      push({.kind = Kind::real, .real = std::bit_cast<double>(__builtin_bswap64(reader_.number<std::uint64_t>()))});
      return true;
    case 'X':
      push_text(reader_.number<std::uint32_t>());
      return true;
    case '\x8c':
      push_text(reader_.number<std::uint8_t>());
      return true;
    case '\x8d':
      push_text(reader_.number<std::uint64_t>());
      return true;
    case 'T':  // Python 2's str
      push_text(reader_.number<std::uint32_t>());
      return true;
    case 'U':
      push_text(reader_.number<std::uint8_t>());
      return true;
    case 'B':
      push({.kind = Kind::bytes, .text = reader_.text(reader_.number<std::uint32_t>())});
      return true;
    case 'C':
      push({.kind = Kind::bytes, .text = reader_.text(reader_.number<std::uint8_t>())});
      return true;
    default:
      return false;
  }
}

bool Machine::step_container(char opcode) {
  switch (opcode) {
    case ')':
      push({.kind = Kind::tuple});
      return true;
    case '\x85':
    case '\x86':
    case '\x87':
      push({.kind = Kind::tuple, .items = pop_several(static_cast<unsigned char>(opcode) - 0x84U)});
      return true;
    case 't':
      push({.kind = Kind::tuple, .items = pop_mark()});
      return true;
    case ']':
      push({.kind = Kind::list});
      return true;
    case '}':
      push({.kind = Kind::dict});
      return true;
    case 'a':
    case 's': {
      const auto items = pop_several(opcode == 'a' ? 1 : 2);
      extend(top(), opcode == 'a' ? Kind::list : Kind::dict, items);
      return true;
    }
    case 'e':
    case 'u': {
      const auto items = pop_mark();
      extend(top(), opcode == 'e' ? Kind::list : Kind::dict, items);
      return true;
    }
    case '(':
      if (marks_.size() == limits_.marks) refuse("more than {} open marks", limits_.marks);
      marks_.push_back(stack_.size());
      return true;
    case '0':
      pop();
      return true;
    case '1':
      pop_mark();
      return true;
    case '2':
      stack_.push_back(top());
      return true;
    default:
      return false;
  }
}

bool Machine::step_object(char opcode) {
  switch (opcode) {
    case '\x80': {
      const auto protocol = reader_.number<std::uint8_t>();
      if (protocol < 2 || protocol > 5) refuse("expected a pickle of protocol 2 to 5, found {}", protocol);
      return true;
    }
    case '\x95': {
      const auto frame = reader_.number<std::uint64_t>();
      if (frame > reader_.left()) refuse("frame of {} bytes where {} are left", frame, reader_.left());
      return true;
    }
    case 'c': {
      const std::string_view module = reader_.line();
      push_global(module, reader_.line());
      return true;
    }
    case '\x93': {
      const auto names = pop_several(2);
      const PickleValue &module = pickle_[names[0]], &name = pickle_[names[1]];
      if (module.kind != Kind::text || name.kind != Kind::text) refuse("expected a class by module and name");
      push_global(module.text, name.text);
      return true;
    }
    case 'R':
    case '\x81': {
      const auto call = pop_several(2);
      push_call(call[0], call[1]);
      return true;
    }
    case 'b': {
      const PickleId state = pop();
      PickleValue& target = container(top(), Kind::call);
      if (std::exchange(target.has_state, true)) refuse("expected one BUILD of an object, found a second");
      target.state = state;
      return true;
    }
    case 'Q':
      push({.kind = Kind::persistent, .argument = pop()});
      return true;
    default:
      return false;
  }
}

bool Machine::step_memo(char opcode) {
  switch (opcode) {
    case 'q':
      remember(reader_.number<std::uint8_t>());
      return true;
    case 'r':
      remember(reader_.number<std::uint32_t>());
      return true;
    case '\x94':
      remember(memo_.size());
      return true;
    case 'h':
      recall(reader_.number<std::uint8_t>());
      return true;
    case 'j':
      recall(reader_.number<std::uint32_t>());
      return true;
    default:
      return false;
  }
}

PickleId Machine::push(PickleValue value) {
  const auto id = static_cast<PickleId>(pickle_.values.size());  // at most one a opcode: fits
  pickle_.values.push_back(std::move(value));
  stack_.push_back(id);
  return id;
}

PickleId Machine::top() const {
  if (stack_.size() <= (marks_.empty() ? 0 : marks_.back())) refuse("stack underflow");
  return stack_.back();
}

PickleId Machine::pop() {
  const PickleId id = top();
  stack_.pop_back();
  return id;
}

std::vector<PickleId> Machine::pop_mark() {
  if (marks_.empty()) refuse("expected a mark on the stack, found none");
  const auto begin = stack_.begin() + static_cast<std::ptrdiff_t>(marks_.back());
  std::vector<PickleId> items(begin, stack_.end());
  stack_.erase(begin, stack_.end());
  marks_.pop_back();
  return items;
}

std::vector<PickleId> Machine::pop_several(std::size_t count) {
  std::vector<PickleId> items(count);
  for (std::size_t i = count; i-- > 0;) items[i] = pop();
  return items;
}

PickleValue& Machine::container(PickleId id, Kind kind) {
  PickleValue& value = pickle_.values[id];
  // OrderedDict and its like are calls on whose result items are set.
  if (value.kind != kind && !(kind == Kind::dict && value.kind == Kind::call))
    refuse("expected a {} to set items or state on", kind == Kind::list ? "list" : kind == Kind::dict ? "dict" : "new object");
  return value;
}

void Machine::push_long(std::uint64_t bytes) {
  if (bytes > sizeof(std::int64_t)) refuse("expected an integer of at most 8 bytes, found {}", bytes);
  const auto taken = reader_.take(bytes);
  std::int64_t value = !taken.empty() && taken.back() >= 0x80 ? -1 : 0;  // two's complement, sign-extended
  std::memcpy(&value, taken.data(), taken.size());
  push_integer(value);
}

void Machine::push_global(std::string_view module, std::string_view name) {
  const auto is_it = [&](std::string_view global) {
    return global.size() == module.size() + 1 + name.size() && global.starts_with(module) && global[module.size()] == '.' &&
           global.ends_with(name);
  };
  const auto found = std::ranges::find_if(globals_, is_it);
  if (found == globals_.end())
    refuse("refuses {}: expected only what plain tensors need",
           quote(std::string(module.substr(0, 100)) + "." + std::string(name.substr(0, 100))));
  push({.kind = Kind::global, .text = *found});
}

void Machine::push_call(PickleId callee, PickleId argument) {
  if (pickle_[callee].kind != Kind::global) refuse("expected a call of a class by name");
  if (pickle_[argument].kind != Kind::tuple) refuse("{}: expected a tuple of arguments", pickle_[callee].text);
  push({.kind = Kind::call, .callee = callee, .argument = argument});
}

void Machine::extend(PickleId target, Kind kind, const std::vector<PickleId>& items) {
  if (kind == Kind::dict && items.size() % 2 != 0) refuse("expected keys and values in turn, found {} items", items.size());
  auto& all = container(target, kind).items;
  all.insert(all.end(), items.begin(), items.end());
}

void Machine::remember(std::uint64_t slot) {
  // A pickler numbers its memo as it goes, so a number beyond the opcodes read is no pickler's.
  if (slot > opcodes_) refuse("memo number {} is out of range", slot);
  if (slot >= memo_.size()) memo_.resize(slot + 1, unset);
  memo_[slot] = top();
}

void Machine::recall(std::uint64_t slot) {
  if (slot >= memo_.size() || memo_[slot] == unset) refuse("memo {} is not set", slot);
  stack_.push_back(memo_[slot]);
}

}  // namespace

Pickle read_pickle(ByteReader& reader, std::span<const std::string_view> globals, const PickleLimits& limits) {
  return Machine(reader, globals, limits).run();
}

}  // namespace omma
