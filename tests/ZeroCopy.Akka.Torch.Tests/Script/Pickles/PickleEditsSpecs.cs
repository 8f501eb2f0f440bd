using ZeroCopy.Errors;
using ZeroCopy.Torch.Script.Pickles;

namespace ZeroCopy.Torch.Tests.Script.Pickles;

public sealed class PickleEditsSpecs
{
    // {"on": True, "n": 7, "list": []}, and a name that is dropped behind it; the pairs end at the operation 'u'.
    private static readonly byte[] Sample = [0x80, 2, .. "}(X\x02\0\0\0on"u8, 0x88, .. "X\x01\0\0\0nK\x07X\x04\0\0\0list]ucm\nC\n0."u8];

    [Fact]
    public void PickleEdits_should_change_numbers_truth_values_and_names_in_their_places()
    {
        var pickle = PickleReader.Read(Sample, "sample");
        var edits = new PickleEdits(pickle.FreeMemo);
        var items = ((PickleDictionary)pickle.Root!).Items;

        edits.Clear((PickleBoolean)items[0].Value!);
        edits.Replace((PickleInteger)items[1].Value!, 200);
        edits.Rename(pickle.Globals.Single(), "other", "D");

        var changed = PickleReader.Read(edits.Apply(Sample), "changed");
        Assert.False(((PickleBoolean)((PickleDictionary)changed.Root!).Items[0].Value!).Value);
        Assert.Equal(200, ((PickleInteger)((PickleDictionary)changed.Root!).Items[1].Value!).Value);
        Assert.Equal("other.D", changed.Globals.Single().FullName);
    }

    [Fact]
    public void PickleEdits_should_replace_the_same_number_once_when_it_is_shared()
    {
        var pickle = PickleReader.Read(Sample, "sample");
        var edits = new PickleEdits(pickle.FreeMemo);
        var number = (PickleInteger)((PickleDictionary)pickle.Root!).Items[1].Value!;

        edits.Replace(number, 9);
        edits.Replace(number, 9);

        Assert.Equal(Sample.Length, edits.Apply(Sample).Length);
    }

    [Fact]
    public void PickleEdits_should_add_pairs_behind_those_that_are_there()
    {
        var pickle = PickleReader.Read(Sample, "sample");
        var edits = new PickleEdits(pickle.FreeMemo);
        // What ends behind the operation ']' is a list here; where it ends is all that counts.
        var end = Array.IndexOf(Sample, (byte)']') + 1;

        var place = edits.Remember(new PickleTensor(null!, null!, [], [], quantized: false, PickleLaziness.None, end));
        edits.Add(((PickleDictionary)pickle.Root!).ItemsEnd!.Value, "again", place);

        var items = ((PickleDictionary)PickleReader.Read(edits.Apply(Sample), "changed").Root!).Items;
        Assert.Equal(["on", "n", "list", "again"], items.Select(item => item.Key));
        Assert.Same(items[2].Value, items[3].Value);
    }

    [Fact]
    public void PickleReader_should_refuse_a_place_in_the_memo_that_no_pickle_of_its_length_needs()
    {
        byte[] hostile = [0x80, 2, (byte)'}', (byte)'r', 0xff, 0xff, 0xff, 0x7f, (byte)'.'];

        Assert.Throws<InvalidModelException>(() => PickleReader.Read(hostile, "hostile"));
    }
}
