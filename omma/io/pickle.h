// A Python pickle read as inert data: a tree that says what the pickle would call, without calling anything.
#pragma once

#include <cstdint>
#include <span>
#include <string_view>
#include <vector>

#include "omma/io/byte_reader.h"

namespace omma {

using PickleId = std::uint32_t;  // of a value in its Pickle

struct PickleValue {
  enum class Kind : std::uint8_t { none, boolean, integer, real, text, bytes, tuple, list, dict, global, call, persistent };

  Kind kind = Kind::none;
  std::int64_t integer = 0;          // boolean (0 or 1), integer
  double real = 0;                   // real
  std::string_view text = {};        // text, bytes: the pickle's own; global: "module.name", the caller's
  std::vector<PickleId> items = {};  // tuple, list: the elements. dict: keys and values in turn; call: those set on its result
  PickleId callee = 0;               // call: a global
  PickleId argument = 0;             // call: a tuple; persistent: the persistent id
  PickleId state = 0;                // call: what BUILD sets, where has_state
  bool has_state = false;
};

// Values refer to each other by number and may form cycles: follow them with a limit on depth and visits.
struct Pickle {
  std::vector<PickleValue> values;
  PickleId root = 0;

  const PickleValue& operator[](PickleId id) const { return values[id]; }
};

struct PickleLimits {
  std::size_t opcodes = 4'000'000;  // bounds time and memory (some hundred bytes each)
  std::size_t marks = 1'000;        // open at once
};

// Reads one pickle of protocol 2 to 5 and leaves the reader behind its STOP. Refused with std::invalid_argument that names byte
// and opcode: classes and functions that are not among `globals` ("collections.OrderedDict"), text opcodes of protocol 0 and 1,
// sets, extension codes, out-of-band buffers, integers beyond 64 bits, and streams that are cut or use the stack wrongly.
Pickle read_pickle(ByteReader& reader, std::span<const std::string_view> globals, const PickleLimits& limits = {});

}  // namespace omma
