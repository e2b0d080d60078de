#include "omma/agent/sse_reader.h"

#include <gtest/gtest.h>

#include <string>

namespace omma {
namespace {

using Events = std::vector<std::string>;

TEST(SseReader, ReadsEventsHoweverTheyArrive) {
  const std::string stream = "data: a\n\n: comment\ndata:b\ndata: c\r\n\r\nevent: x\nid: 3\ndata: d\r\rdata: cut";
  const Events expected = {"a", "b\nc", "d"};
  EXPECT_EQ(SseReader().push(stream), expected);
  SseReader reader;
  Events events;
  for (const char c : stream)
    for (const std::string& event : reader.push(std::string(1, c))) events.push_back(event);
  EXPECT_EQ(events, expected);
}

TEST(SseReader, ErrorsAreData) { EXPECT_EQ(SseReader().push("error: {\"code\":500}\n\n"), Events{"{\"code\":500}"}); }

TEST(SseReader, EventsWithoutDataAreNone) { EXPECT_EQ(SseReader().push("\n\n\nevent: x\n\n: ping\n\n"), Events{}); }

}  // namespace
}  // namespace omma
