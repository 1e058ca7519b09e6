#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""check_coroutines on expressions that are and are not dangerous."""

import unittest

from load_tool import load_tool

find_lambdas = load_tool('check_coroutines').find_lambdas


class CheckCoroutinesTest(unittest.TestCase):
    def test_capturing_lambda_as_an_argument(self):
        self.assertEqual(find_lambdas('\nco_await run([x] { return x; });\n'), [2])

    def test_reference_capture_and_parameters(self):
        self.assertEqual(find_lambdas('auto v = co_await run(1, [&](int i) { return i; });'), [1])

    def test_lambda_before_the_await(self):
        self.assertEqual(find_lambdas('both([this] { stop(); }, co_await next());'), [1])

    def test_lambda_in_braces_of_the_same_expression(self):
        self.assertEqual(find_lambdas('co_await run(Options{.done = [this] { stop(); }});'), [1])

    def test_lambda_on_a_later_line(self):
        self.assertEqual(find_lambdas('co_await run(\n    first,\n    [=] { return x; });'), [3])

    def test_lambda_in_the_condition_of_an_if(self):
        self.assertEqual(find_lambdas('if (co_await run([x] { return x; })) { go(); }'), [1])

    def test_lambda_without_captures(self):
        self.assertEqual(find_lambdas('co_await run([] { return 1; });'), [])

    def test_named_first(self):
        self.assertEqual(find_lambdas('auto f = [x] { return x; };\nco_await run(f);'), [])

    def test_await_inside_the_lambda(self):
        self.assertEqual(find_lambdas('spawn([self]() -> Task { co_await self->run(); });'), [])

    def test_await_inside_a_block_after_a_lambda(self):
        self.assertEqual(find_lambdas('if (any_of(v, [x](int i) { return i == x; })) {\n'
                                      '  co_await run();\n}'), [])

    def test_subscript_is_no_lambda(self):
        self.assertEqual(find_lambdas('co_await run(table[x](1), list[i]);'), [])

    def test_attribute_is_no_lambda(self):
        self.assertEqual(find_lambdas('[[maybe_unused]] auto x = co_await run();'), [])

    def test_comments_and_strings_do_not_count(self):
        self.assertEqual(find_lambdas('co_await run("[x] {}"); // [x] {}'), [])


if __name__ == '__main__':
    unittest.main()
