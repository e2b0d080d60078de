#include "omma/agent/schema.h"

#include <gtest/gtest.h>

#include <stdexcept>

namespace omma {
namespace {

const json schema = json::parse(R"({
  "type": "object", "required": ["objects"], "additionalProperties": false,
  "properties": {
    "objects": {"type": "array", "minItems": 1, "maxItems": 3, "items": {"type": "string", "minLength": 1, "maxLength": 5}},
    "limit": {"type": "integer", "minimum": 1, "maximum": 9},
    "share": {"type": "number"},
    "exact": {"type": "boolean"},
    "order": {"enum": ["size", "score"]}
  }})");

std::string fault_of(const char* text) { return schema_fault(schema, json::parse(text)); }

TEST(Schema, AcceptsWhatFits) {
  EXPECT_EQ(fault_of(R"({"objects": ["car"]})"), "");
  EXPECT_EQ(fault_of(R"({"objects": ["car", "dog"], "limit": 9, "share": 0.5, "exact": true, "order": "size"})"), "");
  EXPECT_EQ(fault_of(R"({"objects": ["car"], "share": 1})"), "");
}

TEST(Schema, TellsWhatIsWrong) {
  EXPECT_EQ(fault_of(R"({})"), "objects: is required");
  EXPECT_EQ(fault_of(R"([])"), "input: expected an object, got an array");
  EXPECT_EQ(fault_of(R"({"objects": "car"})"), "objects: expected an array, got a string");
  EXPECT_EQ(fault_of(R"({"objects": []})"), "objects: expected at least 1 items, got 0");
  EXPECT_EQ(fault_of(R"({"objects": ["a", "b", "c", "d"]})"), "objects: expected at most 3 items, got 4");
  EXPECT_EQ(fault_of(R"({"objects": ["car", 3]})"), "objects[1]: expected a string, got a number");
  EXPECT_EQ(fault_of(R"({"objects": [""]})"), "objects[0]: expected at least 1 characters, got 0");
  EXPECT_EQ(fault_of(R"({"objects": ["bicycle"]})"), "objects[0]: expected at most 5 characters, got 7");
  EXPECT_EQ(fault_of(R"({"objects": ["car"], "color": "red"})"), "input: unknown key \"color\"");
  EXPECT_EQ(fault_of(R"({"objects": ["car"], "limit": 1.5})"), "limit: expected an integer, got a number");
  EXPECT_EQ(fault_of(R"({"objects": ["car"], "limit": 0})"), "limit: expected at least 1, got 0");
  EXPECT_EQ(fault_of(R"({"objects": ["car"], "limit": 10})"), "limit: expected at most 9, got 10");
  EXPECT_EQ(fault_of(R"({"objects": ["car"], "order": "age"})"), R"(order: expected one of ["size","score"])");
}

TEST(Schema, RefusesWhatItDoesNotUnderstand) {
  for (const char* text :
       {R"({"type": "null"})", R"({"type": ["string"]})", R"({"anyOf": []})", R"([])", R"({"items": 3})", R"({"minItems": -1})",
        R"({"minItems": "1"})", R"({"required": "a"})", R"({"$ref": "#"})", R"({"properties": {"a": {"pattern": "(a+)+"}}})"})
    EXPECT_THROW(check_schema(json::parse(text), "tool"), std::invalid_argument) << text;
  EXPECT_NO_THROW(check_schema(schema, "tool"));
}

}  // namespace
}  // namespace omma
