#include "omma/agent/tool.h"

#include <gtest/gtest.h>

#include <stdexcept>
#include <thread>

namespace omma {
namespace {

using std::chrono::milliseconds;

Tool tool(std::string name, std::function<ToolResult(const json&)> run) {
  return {.name = std::move(name),
          .description = "A tool.",
          .schema = json::parse(R"({"type": "object", "properties": {"n": {"type": "integer"}}, "additionalProperties": false})"),
          .example = json::object(),
          .run = std::move(run)};
}

ToolResult nothing(const json&) { return {.summary = "done", .details = "", .data = {}}; }

TEST(Toolbox, RefusesBadTools) {
  Toolbox tools;
  tools.add(tool("find", nothing));
  EXPECT_THROW(tools.add(tool("find", nothing)), std::invalid_argument);
  for (const char* name : {"", "ls; rm -rf /", "Find", "f ind", "../find", "1find", "f\xD1\x96nd"})
    EXPECT_THROW(tools.add(tool(name, nothing)), std::invalid_argument) << name;
  EXPECT_THROW(tools.add(tool("other", nullptr)), std::invalid_argument);
  Tool misfit = tool("other", nothing);
  misfit.example = {{"n", "x"}};
  EXPECT_THROW(tools.add(misfit), std::invalid_argument);
  EXPECT_EQ(tools.names(), "find");
  EXPECT_EQ(tools.find("Find"), nullptr);
}

TEST(CallTool, RunsChecksAndCatches) {
  EXPECT_EQ(call_tool(tool("a", nothing), json::object(), milliseconds(5000)).result.summary, "done");
  EXPECT_EQ(call_tool(tool("a", nothing), {{"n", "x"}}, milliseconds(5000)).error, "n: expected an integer, got a string");
  EXPECT_EQ(call_tool(tool("a", nothing), {{"m", 1}}, milliseconds(5000)).error, "input: unknown key \"m\"");
  const auto throws = [](const json&) -> ToolResult { throw std::runtime_error("disk on fire"); };
  EXPECT_EQ(call_tool(tool("a", throws), json::object(), milliseconds(5000)).error, "disk on fire");
  const auto throws_number = [](const json&) -> ToolResult { throw 3; };
  EXPECT_EQ(call_tool(tool("a", throws_number), json::object(), milliseconds(5000)).error, "the tool failed");
}

TEST(CallTool, DoesNotWaitForAHangingTool) {
  const auto hangs = [](const json&) {
    std::this_thread::sleep_for(milliseconds(1500));
    return ToolResult{};
  };
  const ToolOutcome outcome = call_tool(tool("a", hangs), json::object(), milliseconds(20));
  EXPECT_TRUE(outcome.timed_out);
  EXPECT_EQ(outcome.error, "no result within 20 ms");
}

}  // namespace
}  // namespace omma
