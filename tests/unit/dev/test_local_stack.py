"""The local stack before its servers run."""

from vigie_dev.footage import HOG
from vigie_dev.stack import Stack


def test_a_stack_that_starts_has_no_settings_of_the_last_one_lying_about(tmp_path):
    class Starting(Stack):
        def start_servers(self):
            left.append((self.folder / "environment").exists())

        def start_services(self):
            pass

    left = []
    (tmp_path / "environment").write_text("export VIGIE_KAFKA_BOOTSTRAP=127.0.0.1:9\n")
    with Starting(tmp_path, [HOG]).running():
        pass
    assert left == [False]
