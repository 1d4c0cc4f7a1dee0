use super::*;

#[test]
fn the_shipped_network_has_its_images() {
    let file = ModelBundle::open("fashion_cnn", None).unwrap();
    let lengths = SetName::ALL.map(|set| file.images(set, None).unwrap().len());
    assert_eq!(lengths, [200, 300, 1000]);
    let few = file.images(SetName::Report, Some(3)).unwrap();
    assert_eq!((few.len(), few.shape()), (3, [28, 28, 1]));
    // The first test images of Fashion-MNIST: an ankle boot, a pullover, trousers.
    assert_eq!([0, 1, 2].map(|index| few.label(index)), [9, 2, 1]);
    assert!(file.model_bytes().unwrap().bytes.len() < 1 << 20);
}
