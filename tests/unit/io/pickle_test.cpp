#include "omma/io/pickle.h"

#include <gtest/gtest.h>

#include "tests/checkpoint_bytes.h"
#include "tests/temporary_directory.h"

namespace omma {
namespace {
using namespace std::string_view_literals;
using testing::pickle_of, testing::pickled, testing::pickled_global;
using Kind = PickleValue::Kind;

constexpr std::string_view globals[] = {"collections.OrderedDict", "torch._utils._rebuild_tensor_v2"};

struct Read {
  explicit Read(std::string_view given) : stream(given), pickle(parse(stream)) {}
  const PickleValue& root() const { return pickle[pickle.root]; }
  const PickleValue& item(std::size_t i) const { return pickle[root().items[i]]; }

  std::string stream;  // the values view it
  Pickle pickle;

  static Pickle parse(const std::string& stream) {
    ByteReader reader(testing::bytes_of_text(stream), "p");
    return read_pickle(reader, globals);
  }
};

std::string refusal(std::string_view stream) {
  return testing::invalid_argument_of([&] { Read{stream}; });
}

TEST(Pickle, ReadsPlainValues) {
  const Read read(
      pickle_of("(N\x88\x89K\xffM\xff\xffJ\xff\xff\xff\xff\x8a\x02\x00\x80\x8a\x00G\x3f\xf8\x00\x00\x00\x00\x00\x00"
                "X\x02\x00\x00\x00hi\x8c\x01xU\x01yC\x01zt"sv));
  ASSERT_EQ(read.root().kind, Kind::tuple);
  ASSERT_EQ(read.root().items.size(), 13U);
  EXPECT_EQ(read.item(0).kind, Kind::none);
  EXPECT_EQ(read.item(1).kind, Kind::boolean);
  const std::int64_t integers[] = {1, 0, 255, 65535, -1, -32768, 0};
  for (std::size_t i = 0; i < std::size(integers); ++i) EXPECT_EQ(read.item(i + 1).integer, integers[i]) << i;
  EXPECT_EQ(read.item(8).real, 1.5);
  const std::string_view texts[] = {"hi", "x", "y", "z"};
  for (std::size_t i = 0; i < std::size(texts); ++i) EXPECT_EQ(read.item(i + 9).text, texts[i]);
  EXPECT_EQ(read.item(12).kind, Kind::bytes);
}

TEST(Pickle, ReadsContainersAndCalls) {
  const Read read(
      pickle_of("](K\x01K\x02\x86}K\x03K\x04s" + pickled_global("collections", "OrderedDict") + ")R(K\x05K\x06u}bK\x07Qe"));
  ASSERT_EQ(read.root().kind, Kind::list);
  ASSERT_EQ(read.root().items.size(), 4U);
  EXPECT_EQ(read.item(0).items.size(), 2U);
  EXPECT_EQ(read.item(1).kind, Kind::dict);
  const PickleValue& call = read.item(2);
  EXPECT_EQ(call.kind, Kind::call);
  EXPECT_EQ(read.pickle[call.callee].text, "collections.OrderedDict");
  EXPECT_EQ(call.items.size(), 2U);
  EXPECT_TRUE(call.has_state);
  EXPECT_EQ(read.pickle[read.item(3).argument].integer, 7);
}

TEST(Pickle, MemoSharesValues) {
  const Read read(
      "\x80\x04\x95\x0d\x00\x00\x00\x00\x00\x00\x00](K\x01\x94q\x01h\x00h\x01"
      "e."sv);
  ASSERT_EQ(read.root().items.size(), 3U);
  EXPECT_EQ(read.root().items[0], read.root().items[1]);
  EXPECT_EQ(read.root().items[0], read.root().items[2]);
}

TEST(Pickle, LeavesTheReaderBehindStop) {
  const std::string two = pickle_of("N") + pickle_of(pickled(5));
  ByteReader reader(testing::bytes_of_text(two), "p");
  read_pickle(reader, {});
  const Pickle second = read_pickle(reader, {});
  EXPECT_EQ(second[second.root].integer, 5);
  EXPECT_EQ(reader.left(), 0U);
}

TEST(Pickle, RefusesEveryGlobalThatIsNotListed) {
  const std::pair<const char*, const char*> names[] = {{"os", "system"},
                                                       {"builtins", "eval"},
                                                       {"posix", "system"},
                                                       {"nt", "system"},
                                                       {"collections", "Ordered"},
                                                       {"collections.OrderedDict", "fromkeys"},
                                                       {"collections", "OrderedDict.fromkeys"},
                                                       {"", ""}};
  for (const auto& [module, name] : names) {
    const std::string message = refusal(pickle_of(pickled_global(module, name)));
    EXPECT_NE(message.find(fmt::format("p: byte 2: refuses \"{}.{}\"", module, name)), std::string::npos) << message;
    const std::string stacked = refusal(pickle_of(pickled(module) + pickled(name) + "\x93"));
    EXPECT_NE(stacked.find(fmt::format("refuses \"{}.{}\"", module, name)), std::string::npos) << stacked;
  }
}

TEST(Pickle, RefusesMalformedStreams) {
  const std::pair<std::string, std::string> cases[] = {
      {"", "byte 0: expected 1 more bytes, found 0"},
      {std::string("\x80\x02", 2), "expected 1 more bytes"},  // no STOP
      {std::string("\x80\x00N.", 4), "protocol 2 to 5, found 0"},
      {std::string("\x80\x06N.", 4), "protocol 2 to 5, found 6"},
      {pickle_of(""), "stack underflow"},
      {pickle_of("NN"), "expected one value at the end, found 0 open marks and 1 more values"},
      {pickle_of("(N"), "expected one value at the end, found 1 open marks"},
      {pickle_of("(0"), "stack underflow"},  // POP through a mark
      {pickle_of("t"), "expected a mark"},
      {pickle_of("Nt"), "expected a mark"},
      {pickle_of("\x86"), "stack underflow"},
      {pickle_of("h\x05"), "memo 5 is not set"},
      {pickle_of("Nq\xf0"), "memo number 240 is out of range"},
      {pickle_of(std::string("Nr\x00\x00\x00\x80", 6)), "memo number 2147483648 is out of range"},
      {pickle_of("Nj\xff\xff\xff\xff"), "memo 4294967295 is not set"},
      {pickle_of("X\xff\xff\xff\xffhi"), "expected 4294967295 more bytes"},
      {pickle_of("\x8d\xff\xff\xff\xff\xff\xff\xff\xff"), "expected 18446744073709551615 more bytes"},
      {pickle_of("\x8a\xff"), "at most 8 bytes, found 255"},
      {pickle_of("\x8b\xff\xff\xff\xff"), "at most 8 bytes, found 4294967295"},
      {pickle_of("\x95\xff\xff\xff\xff\xff\xff\xff\xff"), "frame of"},
      {pickle_of("](NNu"), "expected a dict"},
      {pickle_of("}(Nu"), "keys and values in turn"},
      {pickle_of("}Na"), "expected a list"},
      {pickle_of("NNb"), "expected a new object"},  // BUILD on a non-object
      {pickle_of("}Nb"), "expected a new object"},
      {pickle_of("N)R"), "expected a call of a class by name"},
      {pickle_of(pickled("os") + ")R"), "expected a call of a class by name"},
      {pickle_of(pickled_global("collections", "OrderedDict") + "NR"), "expected a tuple of arguments"},
      {pickle_of(pickled_global("collections", "OrderedDict") + ")RNbNb"), "found a second"},
      {pickle_of("NN\x93"), "expected a class by module and name"},
      {pickle_of("cos"), "expected a line"},
      {pickle_of("I01\n"), "unsupported opcode 0x49"},
      {pickle_of("\x82\x01"), "unsupported opcode 0x82"},  // EXT1
      {pickle_of("\x8f"), "unsupported opcode 0x8f"},      // EMPTY_SET
      {pickle_of("\x97"), "unsupported opcode 0x97"},      // NEXT_BUFFER
      {pickle_of("Pid\n"), "unsupported opcode 0x50"},
  };
  for (const auto& [stream, word] : cases) {
    const std::string message = refusal(stream);
    EXPECT_TRUE(message.starts_with("p: byte ")) << message << " / " << word;
    EXPECT_NE(message.find(word), std::string::npos) << message << " / " << word;
  }
}

TEST(Pickle, BoundsWork) {
  EXPECT_NE(refusal(std::string(5'000'000, 'N')).find("more than 4000000 opcodes"), std::string::npos);
  EXPECT_NE(refusal(std::string(1'000'000, '(')).find("more than 1000 open marks"), std::string::npos);
  std::string nested = ")";
  for (int i = 0; i < 1'000'000; ++i) nested += '\x85';
  EXPECT_EQ(Read(pickle_of(nested)).root().items.size(), 1U);  // deep, but neither read nor freed by recursion
}

}  // namespace
}  // namespace omma
