// SPDX-License-Identifier: Apache-2.0
// What people read about settings, written from the schema: the commented file of `config init`, and the page
// docs/reference/configuration.md (a test compares; ULLAGE_RENEW=1 renews it).
#pragma once

#include <string>

#include "config/schema.h"

namespace ullage::config {

// Every key with its default, commented out; of a project's file only those that it may set.
std::string init_text(Scope scope);
std::string reference_page();
// A line of a settings file that says this, with a value as Settings has it.
std::string yaml_line(const Key& key, const std::string& value);

}  // namespace ullage::config
